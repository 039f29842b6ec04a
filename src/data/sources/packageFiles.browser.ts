import { fail } from "../../util/index.ts";

// Stands for packageFiles.ts in bundles for browsers ("browser" in package.json): a package's folder lies on a server.

/** A browser cannot look for installed packages; the option `folder` says where a copy is served. */
export function packageFolder(name: string): string {
  return fail(
    `a browser cannot find the npm package "${name}"`,
    "the option folder: the URL where the page's server has a copy of the package",
  );
}

/** A file of a package, relative to the page. */
export async function readPackageFile(folder: string, path: string): Promise<Uint8Array> {
  const file = `${folder.replace(/\/$/, "")}/${path}`;
  const response = await fetch(file).catch((error: unknown) => ({ ok: false as const, status: String(error) }));
  if (!response.ok) fail(`${file} can't be read (${response.status})`, "a copy of the package on the page's server");
  return new Uint8Array(await response.arrayBuffer());
}

/** Undefined: servers do not list folders. */
export async function listPackageFiles(_folder: string, _path: string): Promise<string[] | undefined> {
  return undefined;
}

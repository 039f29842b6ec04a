/** src/data/sources/packageFiles.ts in a page: files of installed packages come from the test server. */
export function packageFolder(name: string): string {
  return `/node_modules/${name}`;
}

/** The server answers a folder with the names in it. */
export async function listPackageFiles(folder: string, path: string): Promise<string[]> {
  return JSON.parse(new TextDecoder().decode(await readPackageFile(folder, path)));
}

export async function readPackageFile(folder: string, path: string): Promise<Uint8Array> {
  const response = await fetch(`${folder}/${path}`);
  if (!response.ok) throw new Error(`${folder}/${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

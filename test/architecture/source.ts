import { posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import {
  isExportDeclaration,
  isImportDeclaration,
  isStringLiteral,
  type SourceFile,
  SyntaxKind,
} from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** One import of a source file, found by the TypeScript compiler itself. */
export interface Import {
  /** Importing file, from the repository's root: "src/nn/model.ts". */
  from: string;
  /** As written: "../tensor/index.ts", "node:fs". */
  specifier: string;
  /** The file that a relative specifier names; undefined for packages. */
  to: string | undefined;
  /** Leaves no trace in the compiled program: `import type`, `export type`, `import("x").T`. */
  typeOnly: boolean;
  /** `import("x")`: loaded when reached, not when the file is. */
  dynamic: boolean;
}

/** Parses every file of the project and hands those under `folders` to `visit`. */
export function withProject<T>(folders: readonly string[], visit: (files: ReadonlyMap<string, SourceFile>) => T): T {
  const api = new API({ cwd: root });
  try {
    const project = api.updateSnapshot({ openProject: `${root}tsconfig.json` }).getProject(`${root}tsconfig.json`);
    if (!project) throw new Error("tsconfig.json holds no project");
    const files = new Map<string, SourceFile>();
    for (const name of project.program.getSourceFileNames()) {
      const path = relative(root, name).split(sep).join("/");
      const file = folders.some((folder) => path.startsWith(folder)) && project.program.getSourceFile(name);
      if (file) files.set(path, file);
    }
    return visit(files);
  } finally {
    api.close();
  }
}

/** Every import of a file: declarations, re-exports, dynamic imports and import types. */
export function importsOf(path: string, file: SourceFile): Import[] {
  return file.imports.map((literal) => {
    const { parent } = literal;
    const importDeclaration = isImportDeclaration(parent) ? parent : undefined;
    const clause = importDeclaration?.importClause;
    const typeOnly =
      clause?.phaseModifier === SyntaxKind.TypeKeyword ||
      (isExportDeclaration(parent) && parent.isTypeOnly) ||
      parent.kind === SyntaxKind.LiteralType;
    const text = isStringLiteral(literal) ? literal.text : "";
    return {
      from: path,
      specifier: text,
      to: text.startsWith(".") ? posix.join(posix.dirname(path), text) : undefined,
      typeOnly,
      dynamic: parent.kind === SyntaxKind.CallExpression,
    };
  });
}

/** A cycle in a directed graph as the list of its nodes, or undefined when there is none. */
export function findCycle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    if (done.has(node)) return undefined;
    const seen = path.indexOf(node);
    if (seen >= 0) return [...path.slice(seen), node];
    path.push(node);
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of edges.keys()) {
    const cycle = visit(node);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Everything a file reaches by static, runtime imports, each with the import that reached it first. */
export function staticReach(start: string, imports: readonly Import[]): Map<string, Import | undefined> {
  const reached = new Map<string, Import | undefined>([[start, undefined]]);
  for (const file of reached.keys()) {
    for (const edge of imports) {
      const target = edge.to ?? edge.specifier;
      if (edge.from === file && !edge.typeOnly && !edge.dynamic && !reached.has(target)) reached.set(target, edge);
    }
  }
  return reached;
}

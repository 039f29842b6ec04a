export { type CompiledLibrary, compileLibrary, type LibrarySource } from "./cache.ts";
export { type Compiler, type CompilerSearch, findCompiler } from "./compiler.ts";
export { cachePath } from "./folder.ts";

export { type CompiledLibrary, compileLibrary, findLibrary, type LibrarySource } from "./cache.ts";
export { type Compiler, type CompilerSearch, findCompiler } from "./compiler.ts";
export { cachePath } from "./folder.ts";
export { keepRecord, recallRecord } from "./records.ts";
export { digest } from "./seal.ts";

export { updateRows } from "../../passes/index.ts";

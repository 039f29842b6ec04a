export { backward } from "./backward.ts";

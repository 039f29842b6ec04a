export { backward, pullBack } from "./backward.ts";

export type { Availability, Buffers, Engine, Executable, Program, Runner } from "./contract.ts";

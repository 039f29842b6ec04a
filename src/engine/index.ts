export {
  type ConformanceCase,
  difference,
  drawInput,
  joinCases,
  opCases,
  randomOfCase,
  runCase,
} from "./conformance.ts";
export type {
  Availability,
  Buffers,
  CompileOptions,
  Engine,
  Executable,
  RowSource,
  Runner,
  SeriesPlan,
  SeriesRunner,
} from "./contract.ts";
export { Lane } from "./lane.ts";
export { boundaryBytes } from "./memory.ts";
/** @internal Its type would ask applications in browsers for the types of Node. */
export { nodeModule } from "./node-module.ts";
export {
  type KernelInfo,
  type KernelTime,
  type MemoryBlock,
  type Profiler,
  type Roof,
  type TimeSlot,
  TimeTable,
} from "./profiler.ts";
export { defaultThreads } from "./threads.ts";

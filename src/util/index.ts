export { bundled } from "./bundled.ts";
export { DescentError, fail, inName, invariant, printable, show } from "./errors.ts";
export { environment, hasNode } from "./host.ts";
export { murmur3 } from "./murmur.ts";
export { checkOptions, nearest, unknownName } from "./names.ts";
export { HostRandom, mulHigh, PHILOX, philox4x32 } from "./philox.ts";
export { ProtoWriter } from "./protobuf.ts";
export { decodeSafetensors, encodeSafetensors, type SavedTensor } from "./safetensors.ts";
export { formatShape, product, rowMajorStrides, type Shape, sameShape } from "./shape.ts";

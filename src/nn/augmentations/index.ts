export { type CutMixOptions, cutMix } from "./cut-mix.ts";
export { type MixUpOptions, mixUp } from "./mix-up.ts";

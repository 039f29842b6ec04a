/** Every optimizer, one line each: its factory, under its registry name, and the type of its options. */

export { type AdadeltaOptions, adadelta } from "./adadelta.ts";
export { type AdafactorOptions, adafactor } from "./adafactor.ts";
export { type AdagradOptions, adagrad } from "./adagrad.ts";
export { type AdamOptions, adam } from "./adam.ts";
export { type AdamaxOptions, adamax } from "./adamax.ts";
export { type AdamwOptions, adamw } from "./adamw.ts";
export { type AmsgradOptions, amsgrad } from "./amsgrad.ts";
export { type FtrlOptions, ftrl } from "./ftrl.ts";
export { type GradientDescentOptions, gradientDescent } from "./gradientDescent.ts";
export { type LambOptions, lamb } from "./lamb.ts";
export { type LarsOptions, lars } from "./lars.ts";
export { type LbfgsOptions, lbfgs } from "./lbfgs.ts";
export { type LionOptions, lion } from "./lion.ts";
export { type MomentumOptions, momentum } from "./momentum.ts";
export { type MuonOptions, muon } from "./muon.ts";
export { type NadamOptions, nadam } from "./nadam.ts";
export { type NesterovOptions, nesterov } from "./nesterov.ts";
export { type RadamOptions, radam } from "./radam.ts";
export { type RmspropOptions, rmsprop } from "./rmsprop.ts";
export { type ScheduleFreeOptions, scheduleFree } from "./scheduleFree.ts";
export { type SgdOptions, sgd } from "./sgd.ts";
export { type SophiaOptions, sophia } from "./sophia.ts";

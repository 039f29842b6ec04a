export { Layout } from "./contraction/layout.ts";
export { normalize } from "./contraction/normalize.ts";
export { type BlockedPlan, type Packing, type PlainPlan, type Plan, planContraction } from "./contraction/plan.ts";
export { type RowOrder, rowOrder } from "./contraction/row-order.ts";
export { sizeOf } from "./contraction/sizes.ts";
export { contractionTarget, type Target } from "./contraction/target.ts";
export { validity } from "./contraction/validity.ts";
export { type Depth, type Linear, strideOf, type View } from "./contraction/view.ts";

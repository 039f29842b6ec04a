export { earlyStopping } from "./earlyStopping.ts";
export { reduceLearningRateOnPlateau } from "./reduceLearningRateOnPlateau.ts";

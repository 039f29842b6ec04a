export { answersOf, constantAnswers, sameAnswers } from "./answers.ts";
export { encodeRows, type Inputs } from "./encode.ts";
export type { Fold } from "./folds.ts";
export { type Importance, type ImportanceEffort, importanceEffort, permutationImportance } from "./importance.ts";
export { rarestLabels } from "./labels.ts";
export {
  type FeatureLayers,
  meanOfNetworks,
  type NetworkOptions,
  type OutputTarget,
  outputConfigs,
  tableNetwork,
} from "./network.ts";
export type { SourceOptions } from "./open.ts";
export type { PartTruth, TablePart } from "./part.ts";
export { type PrepareOptions, prepareTable } from "./prepare.ts";
export {
  isTableFacts,
  type PartName,
  type PreparedTable,
  type TableFacts,
} from "./prepared.ts";
export {
  isKnown,
  isTargetMeaning,
  type ReadTargetOptions,
  readKnownTarget,
  readTarget,
  type TableTarget,
  type TargetMeaning,
} from "./read-target.ts";
export {
  type CategoryFeature,
  type DateFeature,
  type Evening,
  type Feature,
  type FillModel,
  type HashFeature,
  isRecipe,
  type NumberFeature,
  type OrderFeature,
  type Recipe,
  type RecipeColumn,
  type TargetFeature,
  type WordsFeature,
} from "./recipe.ts";
export { learningRateOf, networksFor, piecesFor, planTraining, type TrainingPlan } from "./rules.ts";
export { FALLING, type LabelScores, labelScores, MAIN, scoresOf, type TableScores } from "./scores.ts";
export { bothStrangers, NO_STRANGERS, type Strangers } from "./strangers.ts";
export { loadTableModel, type TableAnswers, type TableEvaluation, TableModel } from "./table-model.ts";
export {
  classWeights,
  SEED_STEP,
  type TableFitOptions,
  type TrainedTable,
  type TrainTableOptions,
  trainTable,
} from "./training.ts";
export {
  type ColumnProfile,
  type ColumnType,
  type Finding,
  type LabelSource,
  type Reading,
  TABLE_TASKS,
  type TableTask,
} from "./types.ts";
export {
  ENCODINGS,
  type Encoding,
  FILLS,
  type Fill,
  OUTLIERS,
  type Outliers,
  SCALINGS,
  type Scaling,
  type WayOptions,
} from "./ways.ts";

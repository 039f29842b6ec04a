export { type DenseArray, type NumberArray, type Samples, sampleCount, selectRows } from "./arrays.ts";
export { cleanDuplicates, type DuplicatesOptions, type DuplicatesReport } from "./cleaning/duplicates.ts";
export { cleanMissing, type MissingOptions, type MissingReport } from "./cleaning/missing.ts";
export { cleanOutliers, type OutlierBounds, type OutliersOptions, type OutliersReport } from "./cleaning/outliers.ts";
export type { Cleaned } from "./cleaning/output.ts";
export type { Batch, BatchColumn } from "./datasets/batch.ts";
export type { Block } from "./datasets/block.ts";
export { Dataset, type DatasetState, type Reading, type ReadOptions } from "./datasets/dataset.ts";
export type { Cursor, Flow, Position } from "./datasets/flow.ts";
export type { Columns } from "./datasets/stages/columns.ts";
export type { MapBatch, MapSample, Predicate, Sample, SampleContext } from "./datasets/stages/map.ts";
export type { ModuleFunction } from "./datasets/workers.ts";
export {
  type Label,
  type LabelEncoder,
  labelEncoder,
  labelEncoderFromJSON,
  type OneHotOptions,
  oneHot,
} from "./encoding.ts";
export { type Fold, type KFoldOptions, kFold } from "./kFold.ts";
export type { Matrix, Table } from "./matrix.ts";
export {
  type OneHotEncoder,
  type OneHotEncoderOptions,
  oneHotEncoder,
  oneHotEncoderFromJSON,
} from "./oneHotEncoder.ts";
export type { ImageOptions } from "./readers/image-options.ts";
export type { ImageFacts } from "./readers/images.ts";
export { scalerFromJSON } from "./scalers/json.ts";
export { type MinMaxScalerOptions, minMaxScaler } from "./scalers/minMax.ts";
export { type RobustScalerOptions, robustScaler } from "./scalers/robust.ts";
export type { Scaler, ScalerJSON } from "./scalers/scaler.ts";
export { type StandardScalerOptions, standardScaler } from "./scalers/standard.ts";
export type { Series, SeriesData, SeriesWindows } from "./series/series.ts";
export { type TimeSplitOptions, timeSplit } from "./series/timeSplit.ts";
export { type TimeWindowsOptions, timeWindows } from "./series/timeWindows.ts";
export { fromArrays, fromGenerator, type GeneratorOptions } from "./sources/arrays.ts";
export type { TableRow } from "./sources/csv.ts";
export {
  describeImages,
  fromArrayFiles,
  fromArrow,
  fromImages,
  fromTextLines,
  fromTokens,
  type ImageNames,
  type ImageSourceOptions,
  type NamedImages,
  readArrays,
  type TokenOptions,
} from "./sources/files.ts";
export { type Digits, type MnistOptions, mnist } from "./sources/mnist.ts";
export { fromTable, openTable } from "./sources/table.ts";
export { tableColumns, vegaTable } from "./sources/vega.ts";
export { type SplitOptions, splitIndices, trainTestSplit } from "./split.ts";
export type { StrataLabels } from "./strata.ts";
export type { ColumnKind, TableColumn } from "./tables/columns.ts";
export type { TableOptions } from "./tables/options.ts";
export { isQuery } from "./tables/sql.ts";
export type { Table as DataTable } from "./tables/table.ts";

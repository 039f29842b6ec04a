import { ProtoWriter } from "../util/index.ts";

/** What a run was made with. */
export type Hyperparameters = Readonly<Record<string, string | number | boolean>>;

/** The tags that TensorBoard's HParams plugin looks for, and the fields of its HParamsPluginData (plugins/hparams/plugin_data.proto). */
const START = { tag: "_hparams_/session_start_info", field: 3 };
const END = { tag: "_hparams_/session_end_info", field: 4 };

/** tensorboard.hparams.Status. */
const STATUS = { success: 1, failure: 2 } as const;

/** A summary value that begins a session: what it was made with. */
export function sessionStart(values: Hyperparameters, name: string, seconds: number): ProtoWriter {
  const info = new ProtoWriter();
  for (const [key, value] of Object.entries(values)) {
    info.message(1, new ProtoWriter().string(1, key).message(2, protoValue(value)));
  }
  return pluginValue(START, info.string(4, name).double(5, seconds));
}

/** A summary value that ends a session. */
export function sessionEnd(how: keyof typeof STATUS, seconds: number): ProtoWriter {
  return pluginValue(END, new ProtoWriter().int(1, STATUS[how]).double(2, seconds));
}

/** google.protobuf.Value. */
function protoValue(value: string | number | boolean): ProtoWriter {
  const made = new ProtoWriter();
  if (typeof value === "number") return made.double(2, value);
  return typeof value === "string" ? made.string(3, value) : made.int(4, value ? 1 : 0);
}

/** A value that is nothing but its plugin's data; the tensor is 0. */
function pluginValue({ tag, field }: { tag: string; field: number }, info: ProtoWriter): ProtoWriter {
  const data = new ProtoWriter().int(1, 0).message(field, info);
  const plugin = new ProtoWriter().string(1, "hparams").bytes(2, data.finish());
  const zero = new ProtoWriter().int(1, 1).message(2, new ProtoWriter()).floats(5, [0]); // DT_FLOAT []
  const metadata = new ProtoWriter().message(1, plugin).int(4, 2); // DATA_CLASS_TENSOR
  return new ProtoWriter().string(1, tag).message(8, zero).message(9, metadata);
}

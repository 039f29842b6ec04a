import { appendFile, mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { NetworkConfig } from "../nn/index.ts";
import { fail, ProtoWriter } from "../util/index.ts";
import { maskedCrc32c } from "./crc32c.ts";
import { graphDef } from "./graph.ts";
import { type Hyperparameters, sessionEnd, sessionStart } from "./hyperparameters.ts";

/**
 * A file of events that TensorBoard reads (`tensorboard --logdir FOLDER`): records of TFRecord (length, its checksum, data, theirs), each an Event of
 * tensorflow/core/util/event.proto. Records are appended; one that was cut off by a crash is left out by readers.
 */
export class EventFile {
  private readonly path: string;
  private begun: Promise<unknown> | undefined;
  private last: Promise<void> = Promise.resolve();

  /** @param folder a run's folder; the file in it is new. */
  constructor(private readonly folder: string) {
    const [seconds, process] = [Math.floor(Date.now() / 1000), globalThis.process.pid];
    this.path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process}.${count++}`);
  }

  /** Numbers at a step, by their tags. */
  scalars(values: Readonly<Record<string, number>>, step: number): Promise<void> {
    const summary = new ProtoWriter();
    for (const [tag, value] of Object.entries(values))
      summary.message(1, new ProtoWriter().string(1, tag).float(2, value));
    return this.append(event(step).message(5, summary));
  }

  /** How values are distributed. */
  histogram(tag: string, values: ArrayLike<number>, step: number): Promise<void> {
    const value = new ProtoWriter().string(1, tag).message(5, histogramOf(values));
    return this.append(event(step).message(5, new ProtoWriter().message(1, value)));
  }

  /** A picture: a PNG of so many channels (1: gray, 3: color, 4: with transparency). */
  image(tag: string, picture: PngImage, step: number): Promise<void> {
    const { width, height, channels, png } = picture;
    const image = new ProtoWriter().int(1, height).int(2, width).int(3, channels).bytes(4, png);
    const value = new ProtoWriter().string(1, tag).message(4, image);
    return this.append(event(step).message(5, new ProtoWriter().message(1, value)));
  }

  /** A text, as Markdown. */
  text(tag: string, text: string, step: number): Promise<void> {
    const one = new ProtoWriter().message(2, new ProtoWriter().int(1, 1));
    const tensor = new ProtoWriter().int(1, 7).message(2, one).string(8, text); // DT_STRING [1]
    const plugin = new ProtoWriter().message(1, new ProtoWriter().string(1, "text"));
    const value = new ProtoWriter().string(1, `${tag}/text_summary`).message(8, tensor).message(9, plugin);
    return this.append(event(step).message(5, new ProtoWriter().message(1, value)));
  }

  /** A network's layers: what the graph tab shows. */
  graph(network: NetworkConfig): Promise<void> {
    return this.append(event(0).bytes(4, graphDef(network).finish()));
  }

  /** A session of the HParams tab begins: what it is made with. */
  hyperparameters(values: Hyperparameters, session: string): Promise<void> {
    const value = sessionStart(values, session, Date.now() / 1000);
    return this.append(event(0).message(5, new ProtoWriter().message(1, value)));
  }

  /** The session has ended. */
  sessionEnd(how: "success" | "failure"): Promise<void> {
    const value = sessionEnd(how, Date.now() / 1000);
    return this.append(event(0).message(5, new ProtoWriter().message(1, value)));
  }

  /** The run begins again at a step: readers forget what earlier files of the folder say of it and later ones. */
  restart(step: number): Promise<void> {
    return this.append(event(step).message(7, new ProtoWriter().int(1, 1))); // SessionLog.START
  }

  /** One record after the others; the first makes the folder and says of which version the file is. */
  private append(record: ProtoWriter): Promise<void> {
    this.begun ??= mkdir(this.folder, { recursive: true }).then(() => {
      const version = new ProtoWriter().double(1, Date.now() / 1000).string(3, "brain.Event:2");
      return appendFile(this.path, framed(version.finish()));
    });
    this.last = this.last.then(async () => {
      try {
        await this.begun;
        await appendFile(this.path, framed(record.finish()));
      } catch (error) {
        fail(`${this.path} could not be written: ${(error as Error).message}`, "a folder that can be written");
      }
    });
    return this.last;
  }
}

let count = 0;

/** A picture as a PNG file's bytes. */
export interface PngImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly png: Uint8Array;
}

function event(step: number): ProtoWriter {
  return new ProtoWriter().double(1, Date.now() / 1000).int(2, step);
}

/** length, masked checksum of it, data, masked checksum of these. */
export function framed(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return bytes;
}

const BUCKETS = 30;

/** Buckets of equal width from the least to the greatest number, one when all are equal (TensorBoard's histogram summary of version 2). */
function histogramOf(values: ArrayLike<number>): ProtoWriter {
  const finite = Array.from(values).filter(Number.isFinite);
  const min = finite.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const max = finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const buckets = max > min ? BUCKETS : 1;
  const width = (max - min) / buckets || 1;
  const counts = new Array<number>(buckets).fill(0);
  for (const value of finite) {
    const bucket = Math.min(buckets - 1, Math.floor((value - min) / width));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const [low, high] = finite.length === 0 ? [0, 0] : [min, max];
  return new ProtoWriter()
    .double(1, low)
    .double(2, high)
    .double(3, finite.length)
    .double(
      4,
      finite.reduce((sum, value) => sum + value, 0),
    )
    .double(
      5,
      finite.reduce((sum, value) => sum + value * value, 0),
    )
    .doubles(
      6,
      counts.map((_, i) => (i === buckets - 1 ? high : low + (i + 1) * width)),
    )
    .doubles(7, counts);
}

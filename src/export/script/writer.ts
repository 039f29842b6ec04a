import {
  applicationOf,
  applications,
  evaluate,
  type IndexExpression,
  indexConstant,
  indexOf,
  type MovementOp,
  type Node,
  topologicalOrder,
} from "../../ir/index.ts";
import { fail, product, type Shape } from "../../util/index.ts";
import { expressionOf } from "./expressions.ts";
import { HELPERS, type Helper } from "./helpers.ts";
import { arrayType, type Place, STATEMENTS, type Writing } from "./statements.ts";
import { flatIndex, guardText, indexText, type LoopSizes, needsOrder, sameAxes } from "./views.ts";

/** Elements that a value may have to be computed when the script is written, however small what it is made of. */
const FOLDED = 65_536;

/** Ops that an expression may hold before it becomes an array. */
const DEEPEST = 8;

/** Families that are read through, or written where they are used. */
const VIEWS = new Set(["movement", "identity", "iota", "constant"]);

/** Writes a graph as loops over arrays: views are read through, elementwise ops that are used once stand where they are used. */
export class ScriptWriter implements Writing {
  readonly body: string[] = [];
  readonly declarations: string[] = [];
  readonly helpers = new Set<Helper>();
  /** Numbers that the script holds. */
  readonly weights: number[] = [];
  places = new Map<Node, Place>();
  private indent = "  ";
  private readonly names = new Set<string>();
  private readonly stored = new Set<Node>();
  private readonly depths = new Map<Node, number>();
  private readonly constants = new Map<Node, boolean>();
  private readonly loops = new Map<string, readonly Node[]>();
  scope = "";

  /** @param given values of weights */
  constructor(private readonly given: ReadonlyMap<Node, Float64Array>) {}

  readonly use = (helper: Helper): string => {
    this.helpers.add(helper);
    return helper;
  };

  get helperTexts(): string[] {
    return [...this.helpers].map((helper) => HELPERS[helper]);
  }

  /** A name for a variable that nothing has. */
  name(wanted: string): string {
    const plain = wanted.replace(/\W+/g, "_").replace(/^(?=\d)|^$/, "_");
    for (let i = 1; ; i++) {
      const name = i === 1 ? plain : `${plain}_${i}`;
      if (this.names.has(name) || RESERVED.has(name)) continue;
      this.names.add(name);
      return name;
    }
  }

  line(text: string): void {
    this.body.push(this.indent + text);
  }

  /** `open { ... }`. */
  block(open: string, inside: () => void): void {
    this.line(`${open} {`.trimStart());
    const { indent } = this;
    this.indent += "  ";
    inside();
    this.indent = indent;
    this.line("}");
  }

  /** Loops over a shape; `sizes` tells the loops around. */
  nest(shape: Shape, sizes: LoopSizes, inside: (index: IndexExpression[], sizes: LoopSizes) => void): void {
    const all = [...sizes];
    const index = shape.map((size) => (size === 1 ? indexConstant(0) : indexOf(all.push(size) - 1)));
    const open = (loop: number): void => {
      if (loop === all.length) inside(index, all);
      else this.block(`for (let i${loop} = 0; i${loop} < ${all[loop]}; i${loop}++)`, () => open(loop + 1));
    };
    open(sizes.length);
  }

  /** The same, in a block in any case: for what declares variables. */
  scoped(shape: Shape, inside: (index: IndexExpression[], sizes: LoopSizes) => void): void {
    const loops = shape.some((size) => size !== 1);
    if (loops) this.nest(shape, [], inside);
    else this.block("", () => this.nest(shape, [], inside));
  }

  /** A new array for values of a type. */
  array(wanted: string, length: number, type: string): string {
    const name = this.name(wanted);
    this.declarations.push(`const ${name} = new ${type}(${length});`);
    return name;
  }

  /** Writes all that `roots` depend on. */
  write(roots: readonly Node[]): void {
    const order = topologicalOrder(roots, (node) => this.places.has(node) || this.isConstant(node));
    for (const [key, results] of applications(order)) this.loops.set(key, results);
    this.decide(order, roots);
    for (const node of order) {
      if (this.places.has(node) || !this.stored.has(node)) continue;
      this.comment(node);
      if (this.isConstant(node)) this.places.set(node, this.constant(node));
      else this.statement(node);
    }
  }

  private statement(node: Node): void {
    const statement = STATEMENTS[node.op.family];
    if (statement) statement(node, this);
    else this.copy(node);
  }

  /** Which values become arrays. */
  private decide(order: readonly Node[], roots: readonly Node[]): void {
    const users = new Map<Node, Node[]>();
    for (const node of order) {
      if (!this.isConstant(node))
        for (const input of node.inputs) users.set(input, [...(users.get(input) ?? []), node]);
      if (needsOrder(node) || node.op.family === "gather") this.stored.add(skipViews(node.inputs[0]!));
    }
    for (const root of roots) this.stored.add(root);
    for (const node of order) {
      const { family } = node.op;
      if (VIEWS.has(family)) continue;
      const uses = users.get(node) ?? [];
      const once = uses.length === 1 && ["elementwise", "reduce"].includes(uses[0]!.op.family);
      const depth = 1 + Math.max(0, ...node.inputs.map((input) => this.depths.get(input) ?? 0));
      if (this.isConstant(node) || family !== "elementwise" || !once || depth > DEEPEST) this.stored.add(node);
      else this.depths.set(node, depth);
    }
    for (const node of [...this.stored]) if (node.op.family === "constant") this.stored.delete(node);
  }

  private comment({ scope }: Node): void {
    if (scope === this.scope || scope === "") return;
    this.scope = scope;
    this.line(`// ${scope}`);
  }

  /** Writes a value into an array of its own, element by element. */
  private copy(node: Node): void {
    const name = this.own(node);
    this.nest(node.shape, [], (index, sizes) => {
      this.line(`${name}[${indexText(flatIndex(index, node.shape))}] = ${this.computed(node, index, sizes)};`);
    });
  }

  /** Copies a value into an array, from `base` on. */
  copyTo(node: Node, name: string, base?: string): void {
    this.nest(node.shape, [], (index, sizes) => {
      const target = this.at({ name, ...(base !== undefined && { base }) }, indexText(flatIndex(index, node.shape)));
      this.line(`${target} = ${this.read(node, index, sizes)};`);
    });
  }

  loopResults(node: Node): readonly Node[] {
    return this.loops.get(applicationOf(node)) ?? [node];
  }

  /** A new array for a node; what is added up in it may need more digits than float32 has. */
  own(node: Node, isSum = false): string {
    const type = isSum ? "Float64Array" : arrayType(node.dtype);
    const name = this.array(`${node.scope}_${node.op.name}`, product(node.shape), type);
    this.places.set(node, { name });
    return name;
  }

  /** The array that holds a node. */
  placeOf(node: Node): Place {
    const place = this.places.get(node);
    if (place) return place;
    if (node.op.name === "reshape" || node.op.name === "identity") return this.placeOf(node.inputs[0]!);
    if (this.isConstant(node)) this.places.set(node, this.constant(node));
    else this.copy(node);
    return this.places.get(node)!;
  }

  /** An element of an array. */
  at({ name, base }: Place, flat: string): string {
    return `${name}[${base === undefined ? flat : flat === "0" ? base : `${base} + ${flat}`}]`;
  }

  /** The element of a value at an index. */
  read(node: Node, index: readonly IndexExpression[], sizes: LoopSizes): string {
    const place = this.places.get(node);
    if (place) return this.at(place, indexText(flatIndex(index, node.shape)));
    if (this.isConstant(node) && !VIEWS.has(node.op.family)) {
      this.places.set(node, this.constant(node));
      return this.read(node, index, sizes);
    }
    return this.computed(node, index, sizes);
  }

  /** The same by how it is computed, though there may be an array for it. */
  private computed(node: Node, index: readonly IndexExpression[], sizes: LoopSizes): string {
    const { op } = node;
    const [input] = node.inputs;
    switch (op.family) {
      case "elementwise":
        return expressionOf(node, node.inputs.map((each) => this.read(each, index, sizes)), this.use); // biome-ignore format: one line
      case "identity":
        return this.read(input!, index, sizes);
      case "constant":
        return literal(node.attributes["value"] as number);
      case "iota":
        return `(${indexText(index[node.attributes["axis"] as number]!)})`;
      case "movement":
        return this.viewed(node, op, index, sizes);
      default:
        return fail(`${op.name} can't be read in JavaScript`);
    }
  }

  private viewed(node: Node, op: MovementOp, index: readonly IndexExpression[], sizes: LoopSizes): string {
    const [input] = node.inputs as [Node];
    if (!op.locate) {
      const same = sameAxes(node, index);
      if (same) return this.read(input, same, sizes);
      return this.at(this.placeOf(input), indexText(flatIndex(index, node.shape)));
    }
    const location = op.locate(index, node);
    const found = this.read(input, location.index, sizes);
    const condition = guardText(location.guards, sizes);
    return condition === undefined ? found : `(${condition} ? ${found} : ${literal(location.fill)})`;
  }

  /** Whether a value depends on no input, and is not too large to be written down. */
  private isConstant(node: Node): boolean {
    const known = this.constants.get(node);
    if (known !== undefined) return known;
    for (const each of topologicalOrder([node], (node) => this.constants.has(node))) {
      const { family } = each.op;
      const fixed =
        family === "placeholder" ? this.given.has(each) : each.inputs.every((input) => this.constants.get(input));
      const largest = Math.max(FOLDED, ...each.inputs.map(({ shape }) => product(shape)));
      this.constants.set(each, fixed && (family === "placeholder" || family === "data" || product(each.shape) <= largest)); // biome-ignore format: one line
    }
    return this.constants.get(node)!;
  }

  /** A constant as an array of the script. */
  private constant(node: Node): Place {
    const values = this.given.get(node) ?? evaluate([node], this.given)[0]!;
    const path = node.op.family === "placeholder" ? String(node.attributes["name"]) : `${node.scope}_constant`;
    const name = this.name(path);
    const shape = `// [${node.shape.join(", ")}]`;
    if (node.dtype === "float32") {
      const start = this.weights.length;
      for (const value of values) this.weights.push(value);
      this.declarations.push(`const ${name} = weights.subarray(${start}, ${this.weights.length}); ${shape}`);
    } else this.declarations.push(`const ${name} = ${arrayType(node.dtype)}.of(${[...values].join(", ")}); ${shape}`);
    return { name };
  }
}

function skipViews(node: Node): Node {
  return node.op.name === "reshape" || node.op.name === "identity" ? skipViews(node.inputs[0]!) : node;
}

/** A number as JavaScript has it. */
export function literal(value: number): string {
  if (Object.is(value, -0)) return "-0";
  return value < 0 ? `(${value})` : String(value);
}

/** Words that a variable can't be called, and names that the script has itself. */
const RESERVED = new Set([
  ..."await break case catch class const continue debugger default delete do else enum export extends false finally for".split(
    " ",
  ),
  ..."function if implements import in instanceof interface let new null package private protected public return static".split(
    " ",
  ),
  ..."super switch this throw true try typeof var void while with yield arguments eval undefined NaN Infinity Math".split(
    " ",
  ),
  ..."Number DataView Float32Array Int32Array Uint32Array Uint8Array ArrayBuffer TextEncoder atob weights predict".split(
    " ",
  ),
  ...Object.keys(HELPERS),
]);

import { fail, show, unknownName } from "../util/index.ts";

/** Things with names: what a string such as "relu" or a saved file refers to. */
export class Registry<T> {
  private readonly entries: Map<string, T>;

  /** @param what one of the things, in words ("activation"). */
  constructor(
    readonly what: string,
    builtin: Readonly<Record<string, T>>,
  ) {
    this.entries = new Map(Object.entries(builtin));
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  /** @throws DescentError for an unknown name, naming the nearest known one. */
  get(name: string): T {
    return this.entries.get(name) ?? unknownName(this.what, name, this.names);
  }

  /** The name under which `value` itself is registered. */
  nameOf(value: unknown): string | undefined {
    for (const [name, entry] of this.entries) if (entry === value) return name;
    return undefined;
  }

  /** Adds `value`; the same value may be added again (a module that is loaded twice), another one may not replace it. */
  register(name: string, value: T): void {
    if (!/^[a-zA-Z][\w-]*$/.test(name)) {
      fail(`"${name}" is no name for the ${this.what}`, "letters, digits, - and _, beginning with a letter");
    }
    const known = this.entries.get(name);
    if (known !== undefined && known !== value)
      fail(`"${name}" is the name of another ${this.what} already`, "a new name");
    this.entries.set(name, value);
  }
}

type Factory<Made> = (options: never) => Made;

/**
 * Things that a name and options make, such as losses; a custom one is a plain function, which `wrap` gives the same
 * form. This is the one place that reads an option such as `loss`: a name, { kind, ...options }, a thing already made, a
 * factory that was not called, or a custom function.
 */
export class FactoryRegistry<Made extends { readonly kind: string }, Custom extends (...values: never[]) => unknown> {
  private readonly registry: Registry<Factory<Made> | Custom>;
  private readonly builtin: ReadonlySet<unknown>;

  constructor(
    what: string,
    factories: Readonly<Record<string, Factory<Made>>>,
    private readonly wrap: (custom: Custom, kind: string) => Made,
  ) {
    this.registry = new Registry<Factory<Made> | Custom>(what, factories);
    this.builtin = new Set(Object.values(factories));
  }

  get names(): string[] {
    return this.registry.names;
  }

  /** @throws DescentError for an unknown name (with the nearest known one), and for options that it does not have. */
  resolve(spec: string | { readonly kind: string } | Made | Custom): Made {
    if (typeof spec === "string") return this.make(spec, {});
    if (typeof spec === "function") return "kind" in spec ? (spec as Made) : this.call(spec, {});
    if (typeof spec !== "object" || spec === null || typeof spec.kind !== "string") {
      fail(`${show(spec)} is no ${this.registry.what}`, "a name, { kind: name, ...options } or a function");
    }
    if (Object.values(spec).some((value) => typeof value === "function")) return spec as Made;
    const { kind, ...options } = spec;
    return this.make(kind, options);
  }

  register(name: string, custom: Custom): void {
    this.registry.register(name, custom);
  }

  /** The name under which a custom function, or a factory that was not called, is known. */
  nameOf(value: unknown): string | undefined {
    return this.registry.nameOf(value);
  }

  private make(kind: string, options: object): Made {
    return this.call(this.registry.get(kind), options);
  }

  private call(entry: Factory<Made> | Custom, options: object): Made {
    if (this.builtin.has(entry)) return (entry as Factory<Made>)(options as never);
    return this.wrap(entry as Custom, this.registry.nameOf(entry) ?? "custom");
  }
}

import { chromium } from "playwright-core";

const [url, out, ...opts] = process.argv.slice(2);
const o = Object.fromEntries(opts.map((x) => x.split("=")));
const b = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  headless: true,
  chromiumSandbox: false,
  args: [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
const p = await b.newPage({
  viewport: { width: Number(o.w ?? 1200), height: Number(o.h ?? 900) },
  colorScheme: o.scheme ?? "light",
  deviceScaleFactor: Number(o.dpr ?? 1),
});
p.on("console", (m) => console.log("console", m.type(), m.text()));
p.on("pageerror", (e) => console.log("pageerror", e.message));
await p.goto(url!);
await p.waitForFunction(() => document.body.dataset.state === "ready", undefined, { timeout: 20000 });
if (o.start) await p.click("#run");
if (o.draw) {
  await p.locator("#canvas").scrollIntoViewIfNeeded();
  const box = (await p.locator("#canvas").boundingBox())!;
  const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
  await p.mouse.move(...at(0.3, 0.25));
  await p.mouse.down();
  for (const [x, y] of [
    [0.5, 0.24],
    [0.68, 0.25],
    [0.6, 0.45],
    [0.5, 0.65],
    [0.45, 0.85],
  ])
    await p.mouse.move(...at(x!, y!), { steps: 4 });
  await p.mouse.up();
}
await p.waitForTimeout(Number(o.wait ?? 3000));
console.log(
  await p.evaluate(() => ({
    state: document.body.dataset.state,
    status: document.getElementById("status")!.textContent,
    why: document.getElementById("why")!.textContent,
    place: document.getElementById("place")!.textContent,
    left: document.getElementById("left")!.textContent,
    speed: document.getElementById("speed")!.textContent,
    digit: document.getElementById("digit")!.textContent,
    iso: crossOriginIsolated,
    sw: document.documentElement.scrollWidth,
    iw: innerWidth,
  })),
);
await p.screenshot({ path: out!, fullPage: o.full !== "0" });
await b.close();

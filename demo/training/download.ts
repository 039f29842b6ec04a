import { type Digits, decodeDigits } from "../digits.ts";

/** Fetches the file of digits and says how far it is; total is undefined when the host does not tell. */
export async function downloadDigits(
  url: string,
  progress: (received: number, total: number | undefined) => void,
): Promise<Digits> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`The digits cannot be fetched: ${response.status} for ${url}`);
  const { headers } = response;
  const total = headers.has("content-encoding") ? undefined : Number(headers.get("content-length")) || undefined;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    received += value.length;
    progress(received, total);
  }
  const fetched = new Blob(parts);
  const [first, second] = new Uint8Array(await fetched.slice(0, 2).arrayBuffer());
  const compressed = first === 0x1f && second === 0x8b; // some hosts unpack it on the way
  const stream = compressed ? fetched.stream().pipeThrough(new DecompressionStream("gzip")) : fetched.stream();
  return decodeDigits(new Uint8Array(await new Response(stream).arrayBuffer()));
}

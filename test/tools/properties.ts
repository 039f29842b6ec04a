import fc from "fast-check";

/**
 * Property tests draw the same cases in every run, so that a change is what makes a test fail, never the day. `DESCENT_SEED=random npm
 * test` draws others, and prints the seed of what fails; `DESCENT_SEED=n` draws those of seed n again.
 */
const wanted = (typeof process === "undefined" ? undefined : process.env.DESCENT_SEED) ?? "1";
const seed = wanted === "random" ? (Math.random() * 2 ** 31) | 0 : Number(wanted);
if (!Number.isInteger(seed)) throw new Error(`DESCENT_SEED is ${wanted}; it is "random" or a whole number`);
fc.configureGlobal({ seed });

export default fc;

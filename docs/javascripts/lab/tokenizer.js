// CLIP's byte-pair encoding, as transformers' CLIPTokenizer does it: NFC, one space for many, small letters, words by
// a regular expression, UTF-8 bytes as printable signs, then the learned merges in their order.

const WORDS = /<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu;
// The byte-level step looks for words once more, by GPT-2's expression, inside of each of those.
const INNER = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const SPECIAL = /<\|startoftext\|>|<\|endoftext\|>/;

/** Byte -> printable sign: itself where it can be seen, else a letter from 256 on (GPT-2's table). */
function signs() {
  const table = [];
  let odd = 256;
  for (let byte = 0; byte < 256; byte++) {
    const seen = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    table.push(String.fromCharCode(seen ? byte : odd++));
  }
  return table;
}

const SIGNS = signs();
const BYTES = new Map(SIGNS.map((sign, byte) => [sign, byte]));

/** A token as a person would write it: signs back to letters, the end of a word left out. */
export function readable(token) {
  const bytes = [...token.replace("</w>", "")].map((sign) => BYTES.get(sign));
  return bytes.includes(undefined) ? token : new TextDecoder().decode(new Uint8Array(bytes));
}

/** What stands at each place of a prompt, as a person would write it; where two prompts are mixed, both, unless they are the same. */
export function places(tokens, second = null) {
  const end = tokens.indexOf("<|endoftext|>", 1);
  const names = tokens.map((token, i) => (i === 0 ? "start" : i < end ? readable(token) : i === end ? "end" : "padding"));
  return second ? places(second).map((other, i) => (other === names[i] ? other : `${names[i]} + ${other}`)) : names;
}

export class Tokenizer {
  /** `of`: {start, end, padding, length, vocabulary: {token: id}, merges: ["a b", ...]} */
  constructor(of) {
    this.of = of;
    this.ranks = new Map(of.merges.map((pair, rank) => [pair, rank]));
    this.names = Object.fromEntries(Object.entries(of.vocabulary).map(([token, id]) => [id, token]));
    this.cache = new Map();
  }

  /** Tokens of one word that is written in printable signs. */
  merge(word) {
    const kept = this.cache.get(word);
    if (kept) return kept;
    let parts = [...word];
    parts[parts.length - 1] += "</w>";
    while (parts.length > 1) {
      let best = Infinity, pair = null;
      for (let i = 0; i + 1 < parts.length; i++) {
        const rank = this.ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity;
        if (rank < best) [best, pair] = [rank, [parts[i], parts[i + 1]]];
      }
      if (!pair) break;
      const joined = [];
      for (let i = 0; i < parts.length; i++) {
        const fits = parts[i] === pair[0] && parts[i + 1] === pair[1];
        joined.push(fits ? parts[i] + parts[++i] : parts[i]);
      }
      parts = joined;
    }
    if (this.cache.size < 5000) this.cache.set(word, parts);
    return parts;
  }

  /** A text's words, [{text, tokens: [string], ids: [number]}], without marks and before anything is cut off. */
  words(text) {
    const found = [];
    // The marks of start and end are found before the text is made small, spelt as they are.
    for (const piece of text.split(/(<\|startoftext\|>|<\|endoftext\|>)/)) {
      if (SPECIAL.test(piece)) {
        found.push({ text: piece, tokens: [piece], ids: [this.of.vocabulary[piece]] });
        continue;
      }
      const plain = Array.from(piece.normalize("NFC").replace(/\s+/gu, " "), (sign) => sign.toLowerCase()).join(""); // by sign: no final sigma
      for (const [word] of plain.matchAll(WORDS)) {
        for (const [inner] of word.matchAll(INNER)) {
          const written = Array.from(new TextEncoder().encode(inner), (byte) => SIGNS[byte]).join("");
          const tokens = this.merge(written);
          found.push({ text: inner, tokens, ids: tokens.map((token) => this.of.vocabulary[token] ?? this.of.end) });
        }
      }
    }
    return found;
  }

  /** What the network reads: {ids: Int32Array [length], tokens: [string], words: [{text, at: [positions]}], cut, used, last: where its end stands}. */
  encode(text) {
    const { start, end, padding, length } = this.of;
    const words = this.words(text);
    const ids = [start], spans = [];
    for (const word of words) {
      const at = word.ids.map((_, i) => ids.length + i).filter((place) => place < length - 1);
      spans.push({ text: word.text, at, pieces: word.tokens });
      ids.push(...word.ids);
    }
    const cut = Math.max(0, ids.length + 1 - length);
    const kept = [...ids.slice(0, length - 1), end];
    const read = Int32Array.from({ length }, (_, i) => kept[i] ?? padding);
    return { ids: read, tokens: Array.from(read, (id) => this.names[id]), words: spans, cut, used: kept.length, last: read.indexOf(end) };
  }
}

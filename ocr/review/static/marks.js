// Doubtful places of a text, and how they move when the text is changed.

// Offsets from the server count characters; JavaScript counts pairs of some of them twice.
function offsets(text) {
  const at = [];
  let k = 0;
  for (const sign of text) {
    at.push(k);
    k += sign.length;
  }
  at.push(k);
  return at;
}

// A line as the page works with it: text, doubts and words in JavaScript's offsets.
export function fromServer(line) {
  const at = offsets(line.text);
  const words = line.words.map((word) => ({
    from: at[word.from],
    to: at[word.to],
    box: word.box,
    choices: word.choices || [],
    doubts: (word.doubts || []).map(([a, b, sure]) => ({from: at[a], to: at[b], sure})),
  }));
  return {...line, words};
}

export const doubtsOf = (line) => line.confirmed || line.out ? []
  : line.words.flatMap((word) => word.doubts);

// What of the line stays when its text becomes another: by what both begin and end with.
export function retext(line, text) {
  const old = line.text;
  let a = 0;
  const most = Math.min(old.length, text.length);
  while (a < most && old[a] === text[a]) a += 1;
  let b = 0;
  while (b < most - a && old[old.length - 1 - b] === text[text.length - 1 - b]) b += 1;
  const end = old.length - b;
  const shift = text.length - old.length;
  const moved = (from, to) => {
    if (to <= a) return {from, to};
    if (from >= end) return {from: from + shift, to: to + shift};
    return null;
  };
  const words = [];
  for (const word of line.words) {
    const doubts = word.doubts
      .map((one) => ({...one, ...moved(one.from, one.to), gone: !moved(one.from, one.to)}))
      .filter((one) => !one.gone);
    const place = moved(word.from, word.to);
    if (place) words.push({...word, ...place, doubts});
    else if (doubts.length || word.from < a || word.to > end) {
      const from = Math.min(word.from, a);
      words.push({...word, from, to: Math.max(from, word.to + shift), choices: [], doubts});
    }
  }
  line.text = text;
  line.words = words;
}

// Words typed under the wrong keyboard layout: "ыекфз" is "strap", "gfrtns" is "пакеты".
const latin = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
const cyrillic = 'йцукенгшщзхъфывапролджэячсмитьбюё'

const toCyrillic = new Map([...latin].map((c, i) => [c, cyrillic[i] ?? c]))
const toLatin = new Map([...cyrillic].map((c, i) => [c, latin[i] ?? c]))

const swap = (text: string, map: Map<string, string>): string => [...text].map(c => map.get(c) ?? c).join('')

/** Lower case, ё as е. */
export const fold = (text: string): string => text.toLowerCase().replaceAll('ё', 'е')

/** The text as typed and as the other layout would have it. */
export function variants(text: string): string[] {
  const t = fold(text.trim())
  return [...new Set([t, fold(swap(text.trim().toLowerCase(), toLatin)), fold(swap(text.trim().toLowerCase(), toCyrillic))])]
}

/** How well the words of a query fit a text: 0 is not at all. A start of the text counts most, then a start of a word, then any place. */
export function score(query: string, text: string): number {
  const hay = fold(text)
  let best = 0
  for (const q of variants(query)) {
    let sum = 0
    for (const word of q.split(/\s+/).filter(Boolean)) {
      const at = hay.indexOf(word)
      if (at < 0) {
        sum = 0
        break
      }
      sum += at === 0 ? 3 : /[\s/._-]/.test(hay[at - 1] ?? '') ? 2 : 1
    }
    best = Math.max(best, sum)
  }
  return best
}

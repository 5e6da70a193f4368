/**
 * The languages of Whisper's multilingual vocabulary, in the order of their tokens: code and English name, as OpenAI's
 * `tokenizer.py` and whisper.cpp list them. Models before large-v3 lack the last one.
 */
const table = [
  'en english', 'zh chinese', 'de german', 'es spanish', 'ru russian', 'ko korean', 'fr french', 'ja japanese', 'pt portuguese', 'tr turkish',
  'pl polish', 'ca catalan', 'nl dutch', 'ar arabic', 'sv swedish', 'it italian', 'id indonesian', 'hi hindi', 'fi finnish', 'vi vietnamese',
  'he hebrew', 'uk ukrainian', 'el greek', 'ms malay', 'cs czech', 'ro romanian', 'da danish', 'hu hungarian', 'ta tamil', 'no norwegian',
  'th thai', 'ur urdu', 'hr croatian', 'bg bulgarian', 'lt lithuanian', 'la latin', 'mi maori', 'ml malayalam', 'cy welsh', 'sk slovak',
  'te telugu', 'fa persian', 'lv latvian', 'bn bengali', 'sr serbian', 'az azerbaijani', 'sl slovenian', 'kn kannada', 'et estonian', 'mk macedonian',
  'br breton', 'eu basque', 'is icelandic', 'hy armenian', 'ne nepali', 'mn mongolian', 'bs bosnian', 'kk kazakh', 'sq albanian', 'sw swahili',
  'gl galician', 'mr marathi', 'pa punjabi', 'si sinhala', 'km khmer', 'sn shona', 'yo yoruba', 'so somali', 'af afrikaans', 'oc occitan',
  'ka georgian', 'be belarusian', 'tg tajik', 'sd sindhi', 'gu gujarati', 'am amharic', 'yi yiddish', 'lo lao', 'uz uzbek', 'fo faroese',
  'ht haitian creole', 'ps pashto', 'tk turkmen', 'nn nynorsk', 'mt maltese', 'sa sanskrit', 'lb luxembourgish', 'my myanmar', 'bo tibetan', 'tl tagalog',
  'mg malagasy', 'as assamese', 'tt tatar', 'haw hawaiian', 'ln lingala', 'ha hausa', 'ba bashkir', 'jw javanese', 'su sundanese', 'yue cantonese',
] as const;

/** A language that Whisper knows. */
export interface Language {
  /** Whisper's own code: mostly ISO 639-1, but `jw` for Javanese. */
  readonly code: string;
  /** English name, in lower case. */
  readonly name: string;
}

/** All languages of Whisper, in the order of the vocabulary. */
export const languages: readonly Language[] = Object.freeze(table.map((row) => {
  const blank = row.indexOf(' ');
  return Object.freeze({ code: row.slice(0, blank), name: row.slice(blank + 1) });
}));

/** Codes that mean the same language under another standard or an older name. */
const aliases: ReadonlyMap<string, string> = new Map([['jv', 'jw'], ['iw', 'he'], ['nb', 'no'], ['fil', 'tl'], ['zh-yue', 'yue'], ['in', 'id'], ['mo', 'ro'], ['ji', 'yi'], ['cmn', 'zh']]);

/** Other English names, as OpenAI's `TO_LANGUAGE_CODE` has them. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ['burmese', 'my'], ['valencian', 'ca'], ['flemish', 'nl'], ['haitian', 'ht'], ['letzeburgesch', 'lb'], ['pushto', 'ps'], ['panjabi', 'pa'], ['moldavian', 'ro'], ['moldovan', 'ro'], ['sinhalese', 'si'], ['castilian', 'es'], ['mandarin', 'zh'],
]);

const byCode: ReadonlyMap<string, Language> = new Map(languages.map((language) => [language.code, language]));
const byName: ReadonlyMap<string, Language> = new Map(languages.map((language) => [language.name, language]));

/**
 * The language that a person means by `text`: a code (`de`), a code with a region (`de-AT`), or an English name
 * (`German`). Undefined when Whisper knows none of that name.
 */
export function findLanguage(text: string): Language | undefined {
  const wanted = text.trim().toLowerCase().replaceAll('_', '-');
  const code = aliases.get(wanted) ?? otherNames.get(wanted) ?? wanted;
  const region = code.indexOf('-');
  const base = region > 0 ? code.slice(0, region) : code;
  return byCode.get(code) ?? byName.get(wanted) ?? byCode.get(aliases.get(base) ?? base);
}

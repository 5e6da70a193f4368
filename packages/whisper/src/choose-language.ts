import { MediaJobError } from '@media-jobs/foundation';
import { findLanguage, languages } from './languages.ts';
import type { CheckedModel } from './model/model-info.ts';

const multilingualAdvice = 'Use a multilingual model, such as ggml-base.bin (without ".en" in its name).';

function unsupported(message: string, advice: string, language: string): MediaJobError {
  return new MediaJobError('UNSUPPORTED_LANGUAGE', { message, advice, facts: { language } });
}

/** Whether the text shall be English. Throws `UNSUPPORTED_LANGUAGE` for any other target, which Whisper cannot make. */
export function wantsTranslation(target: boolean | string = false): boolean {
  if (typeof target === 'boolean') return target;
  if (findLanguage(target)?.code === 'en') return true;
  throw unsupported(`Expected a translation into English, the only one that Whisper makes, got '${target}'.`, 'Have it transcribed as it is spoken, and translate the text elsewhere.', target);
}

/**
 * The code that the engine is given, or `auto` where it shall listen for the language itself. `auto` on an English-only
 * model is `en`. Throws `UNSUPPORTED_LANGUAGE` for what the model cannot do.
 */
export function chooseLanguage(language: string, translate: boolean, model: CheckedModel): string {
  if (translate && !model.multilingual) throw unsupported('Expected a model that can translate, got an English-only one.', multilingualAdvice, language);
  if (language === 'auto') return model.multilingual ? 'auto' : 'en';
  const found = findLanguage(language);
  if (found === undefined) {
    throw unsupported(`Expected \`language\` to be one that Whisper knows, got '${language}'.`, "Give a code such as 'en' or 'de', or 'auto'.", language);
  }
  if (!model.multilingual && found.code !== 'en') throw unsupported(`Expected a model that knows ${found.name}, got an English-only one.`, multilingualAdvice, found.code);
  if (model.multilingual && languages.indexOf(found) >= model.languages) {
    throw unsupported(`Expected a model that knows ${found.name}, got one without it.`, 'Use a model of the large-v3 generation.', found.code);
  }
  return found.code;
}

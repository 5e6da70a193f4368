/** A path of several parts, as it stands in messages. */
const places = /(?:\/[\w.@ -]+){2,}/g;

/** The text with each path of the server cut down to its last part: callers know nothing of our folders, and need not. */
export function withoutPlaces(text: string): string {
  return text.replaceAll(places, (path) => path.slice(path.lastIndexOf('/') + 1));
}

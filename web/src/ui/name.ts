/** A thing's name in the page's language, where it has one. */
export function nameOf(thing: { name: string; name_ar?: string | null | undefined }): string {
  return document.documentElement.lang === 'ar' && thing.name_ar ? thing.name_ar : thing.name;
}

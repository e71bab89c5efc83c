//! Where `@catalogue/<language>.json` is: the server's own sentences, of which the pages keep no copy.
import { fileURLToPath } from 'node:url';

export const catalogueFolder = fileURLToPath(new URL('../src/i18n', import.meta.url));
export const catalogue = { '@catalogue': catalogueFolder };

//! What the staff page keeps in its address.
import type { Column } from '../../domain/staff';
import { compact, oneOf, text } from '../../search';

const VIEWS = ['board', 'table', 'crews', 'map'] as const;
const COLUMNS = ['CREATED', 'PROCESSING', 'SHIPPED', 'over'] as const satisfies readonly Column[];

export type StaffSearch = {
  view?: (typeof VIEWS)[number] | undefined;
  order?: string | undefined;
  crew?: string | undefined;
  find?: string | undefined;
  only?: 'attention' | undefined;
  /** The one column that a narrow screen shows. */
  column?: Column | undefined;
  heat?: true | undefined;
};

export const readStaffSearch = (search: Record<string, unknown>): StaffSearch =>
  compact({
    view: oneOf(search.view, VIEWS),
    order: text(search.order),
    crew: text(search.crew),
    find: text(search.find),
    only: oneOf(search.only, ['attention'] as const),
    column: oneOf(search.column, COLUMNS),
    heat: search.heat === true ? (true as const) : undefined,
  });

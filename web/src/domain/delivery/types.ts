import type { NearbyMessage } from '../../api/channels';
import type { Schema } from '../../api/schemas';

export type Stop = Schema<'Stop'>;
export type Job = Schema<'Job'>;
export type CrewState = Schema<'CrewState'>;
export type ProblemKind = Schema<'ProblemKind'>;

/** Why a row left the list: a reason of the server, or `mine` when this crew claimed it. */
export type Why = NearbyMessage['why'][string];
/** A row that leaves stays for a moment with its reason. */
export type NearbyRow = NearbyMessage['added'][number] & { gone: { why: Why; at: number } | null };
export type Nearby = { rows: NearbyRow[]; noPosition: boolean };

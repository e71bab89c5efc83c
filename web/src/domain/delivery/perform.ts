//! Sends a crew's command, and applies its answer to the crew's state.
import { answer, api, keyed } from '../../api/client';
import type { LivePosition } from '../../live';
import type { CrewCommand } from './commands';
import { withJob, withoutJob } from './reduce';
import type { CrewState } from './types';

/** What an answer changes; a message about the same change then changes nothing more. */
export type Outcome = { live: readonly LivePosition[]; change: (crew: CrewState) => CrewState };

/** Errors: `ApiError` of the operation, `Unreachable`. */
export async function perform(command: CrewCommand): Promise<Outcome> {
  const params = { path: { id: command.about }, header: keyed(command.id) };
  switch (command.kind) {
    case 'duty': {
      const { on_duty, duty_no, active, live } = await answer(api.PATCH('/api/delivery/me/', { body: command.body }));
      return { live: live ?? [], change: (crew) => ({ ...crew, on_duty, duty_no, active }) };
    }
    case 'pick_up':
    case 'pick_up_all':
    case 'fail':
    case 'returned': {
      const { body } = command;
      const job = await answer(api.POST('/api/delivery/orders/{id}/advance/', { params, body }));
      return { live: job.live, change: (crew) => withJob(crew, job) };
    }
    case 'give_back': {
      const { body } = command;
      const job = await answer(api.POST('/api/delivery/orders/{id}/release/', { params, body }));
      return { live: job.live, change: (crew) => withJob(crew, job) };
    }
    case 'problem': {
      const { body } = command;
      const noted = await answer(api.POST('/api/delivery/orders/{id}/problem/', { params, body }));
      return { live: noted.live, change: (crew) => crew };
    }
    case 'confirm': {
      const { body } = command;
      const order = await answer(api.POST('/api/orders/{id}/proof/confirm/', { params, body }));
      return { live: order.live ?? [], change: (crew) => withoutJob(crew, command.about) };
    }
  }
}

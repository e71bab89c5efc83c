import { IconMoodEmpty } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './states.module.css';

/** Nothing here yet: its purpose, and the action that fills it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={classes.screen}>
      <IconMoodEmpty size={32} aria-hidden />
      <p>{title}</p>
      {children}
    </div>
  );
}

export { useSession, useUser } from './hooks';
export { homeOf, signIn, signOut } from './sign';
export { slot } from './slots';
export { type Role, type Session, sessions, type User } from './store';

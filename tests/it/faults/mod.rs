//! What must hold when things break: a commit's answer lost, a node killed, the database away, a reader too slow.
mod cut_commit;
mod database_away;
mod dropped;
mod kill;
mod slow_reader;

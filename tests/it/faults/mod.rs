//! Faults: a commit's answer is lost, a node is killed, the database is unavailable, a reader is too slow.
mod cut_commit;
mod database_away;
mod dropped;
mod kill;
mod slow_reader;

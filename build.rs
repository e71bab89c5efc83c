//! Migrations are compiled in: a new one must rebuild the crate. And the OpenAPI derive learns what a `Timestamp` is.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
    utoipa_config::Config::new().alias_for("Timestamp", "chrono::DateTime<chrono::Utc>").write_to_file();
}

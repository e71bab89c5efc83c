//! Migrations are compiled in: a new one must rebuild the crate. And the OpenAPI derive learns what a `Timestamp` is.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
    // The pages are embedded as the build left them; a folder that is missing would rebuild the crate every time.
    if std::fs::create_dir_all("web/dist").is_ok() {
        println!("cargo:rerun-if-changed=web/dist");
    }
    utoipa_config::Config::new().alias_for("Timestamp", "chrono::DateTime<chrono::Utc>").write_to_file();
}

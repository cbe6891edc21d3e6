//! The demo, built with what the other tests use.

fn main() -> std::process::ExitCode {
    portcullis_demo::demo::main()
}

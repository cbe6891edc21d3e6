//! `make demo` and `make demo-check`; all of it is in the library.

fn main() -> std::process::ExitCode {
    portcullis_demo::demo::main()
}

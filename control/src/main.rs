//! The program `portcullis-control`; all of it is in the library.

fn main() -> std::process::ExitCode {
    portcullis_control::main()
}

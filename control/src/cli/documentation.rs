//! `completions` and `man`: what a shell and `man` need, made from the arguments. `openapi`: the description
//! of the admin API, made from its calls.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use super::arguments::Arguments;
use super::error::CliError;
use super::output::Output;
use crate::api::calls;
use crate::words::counted;

const PROGRAM: &str = "portcullis-control";
/// The program in the script for bash, where a hyphen in it would leave subcommands without
/// completions (clap-rs/clap#6421).
const PROGRAM_IN_BASH: &str = "portcullis_control";

/// Prints a script that completes commands and options in a shell.
pub fn completions(shell: Shell, output: Output) {
    let script = match shell {
        Shell::Bash => {
            let script = script(shell, PROGRAM_IN_BASH);
            // Only the lines that register the function name the program alone.
            script.replace(&format!(" {PROGRAM_IN_BASH}\n"), &format!(" {PROGRAM}\n"))
        }
        shell => script(shell, PROGRAM),
    };
    let object = json!({ "shell": shell.to_string(), "script": script });
    output.result(&object, || script.trim_end().to_owned());
}

fn script(shell: Shell, program: &'static str) -> String {
    let mut script = Vec::new();
    let mut command = Arguments::command().name(program);
    clap_complete::generate(shell, &mut command, program, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Prints the description of the admin API.
pub fn openapi(output: Output) {
    let document = calls::document();
    output.result(document, || document.to_pretty_json().unwrap_or_default());
}

/// Writes a page for each command into a directory, or prints the page of the program.
pub fn man(directory: Option<&Path>, output: Output) -> Result<(), CliError> {
    let command = Arguments::command();
    let Some(directory) = directory else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        let page = String::from_utf8_lossy(&page);
        output.result(&json!({ "page": page }), || page.trim_end().to_owned());
        return Ok(());
    };
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(command, directory)?;
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with(PROGRAM) {
            pages.push(name);
        }
    }
    pages.sort_unstable();
    let object = json!({ "directory": directory, "pages": pages });
    output.result(&object, || {
        let count = counted(pages.len() as u64, "page", "pages");
        format!("Wrote {count} to {}.", directory.display())
    });
    Ok(())
}

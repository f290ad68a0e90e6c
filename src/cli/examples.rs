//! Examples for the help and the man pages. `tests/commands/help.rs` parses each.

/// A command line, and what it is for.
pub type Example = (&'static str, &'static str);

/// The examples of a command, such as `policy simulate`.
pub fn examples(command: &str) -> &'static [Example] {
    EXAMPLES.iter().find(|(name, _)| *name == command).map_or(&[], |(_, examples)| examples)
}

const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "",
        &[
            ("tidp demo", "see how it works; nothing needs to be set up"),
            ("tidp profile add work --environment staging --client-id ID --client-type MobileApp", "name a client"),
            ("tidp login", "log in with the browser"),
            (IN_A_SCRIPT, "in a script; without a token nothing is sent"),
        ],
    ),
    ("demo", &[("tidp demo", "in the browser, where there is one"), ("tidp demo --no-browser", "without a browser")]),
    (
        "login",
        &[
            ("tidp login", "in the browser"),
            ("tidp login --device", "on another device, such as a phone"),
            ("tidp login --provider bankid --aal 3", "with BankID, at a high assurance level"),
        ],
    ),
    (
        "token",
        &[
            (IN_A_SCRIPT, "in a script; without a token nothing is sent"),
            ("e=$(tidp token --format env) && eval \"$e\"", "as an environment variable"),
            ("tidp token --min-ttl 5m", "one that is valid for five more minutes"),
        ],
    ),
    (
        "refresh",
        &[("tidp refresh", "if it is due"), ("tidp refresh --force", "in any case, to renew a sliding session now")],
    ),
    (
        "status",
        &[("tidp status", "for people"), ("tidp status --json", "for a script"), ("tidp whoami", "the same as status")],
    ),
    (
        "inspect",
        &[("tidp inspect", "for people"), ("tidp inspect --json | jq -r .account.sub", "one value, for a script")],
    ),
    (
        "decode",
        &[
            ("tidp token | tidp decode", "the session's own access token"),
            ("tidp decode --verify < tokens.txt", "one token a line, checked with the provider's keys"),
            ("tidp decode --jwks keys.json --json < tokens.txt", "offline, with keys from a file"),
        ],
    ),
    (
        "policy",
        &[
            ("tidp policy", "explain the profile's policy"),
            ("tidp policy --require 2d || echo 'log in soon'", "in a script: is the session valid for two more days?"),
            ("tidp policy simulate --compare --every 30m", "what if a script ran every half hour?"),
        ],
    ),
    ("policy list", &[("tidp policy list", "for people"), ("tidp policy list --json", "for a script")]),
    (
        "policy show",
        &[("tidp policy show Mobile", "for people"), ("tidp policy show PublicWeb --json", "for a script")],
    ),
    (
        "policy simulate",
        &[
            ("tidp policy simulate --policy PublicWeb --every 5m", "a script that runs every five minutes"),
            ("tidp policy simulate --compare --every 30m --for 4h", "the same script under each policy"),
            ("tidp policy simulate --policy Mobile --sso-ends-after 1h", "when the user logs out after an hour"),
        ],
    ),
    (
        "keepalive",
        &[("tidp keepalive -- make deploy", "while a command runs"), ("tidp keepalive --for 2h", "for two hours")],
    ),
    (
        "exec",
        &[
            (
                "tidp exec -- sh -c 'curl -fsS --oauth2-bearer \"$TIDP_ACCESS_TOKEN\" \"$URL\"'",
                "with the token in a variable",
            ),
            ("tidp exec --env API_TOKEN -- ./job", "in the variable that the command reads"),
            ("tidp exec --min-ttl 10m -- ./job", "with a token for the next ten minutes"),
        ],
    ),
    (
        "userinfo",
        &[("tidp userinfo", "for people"), ("tidp userinfo --json | jq -r .phone_number", "one claim, for a script")],
    ),
    (
        "logout",
        &[
            ("tidp logout", "here and at the provider"),
            ("tidp logout --local", "here only"),
            ("tidp logout --all", "every profile"),
        ],
    ),
    (
        "manage",
        &[("tidp manage --lang no", "the page in Norwegian"), ("tidp manage --print", "the link, for another browser")],
    ),
    ("doctor", &[("tidp doctor", "what works and what does not"), ("tidp doctor > report.txt", "for a bug report")]),
    (
        "profile",
        &[
            ("tidp profile add work --environment staging --client-id ID --client-type MobileApp", "name a client"),
            ("tidp profile use work", "make it the default"),
            ("tidp profile show", "what is set, and where"),
        ],
    ),
    (
        "profile add",
        &[
            ("tidp profile add", "answer questions, on a terminal"),
            ("tidp profile add work --environment staging --client-id ID --client-type MobileApp", "a native app"),
            (
                "tidp profile add robot --environment production --client-id ID --client-type Confidential --grant \
                 client_credentials --scope api:orders",
                "a client that acts for itself",
            ),
            (
                "tidp profile add local --issuer http://127.0.0.1:8765 --client-id sandbox-mobile --client-type MobileApp",
                "a client of `tidp sandbox`",
            ),
        ],
    ),
    ("profile list", &[("tidp profile list", "for people"), ("tidp profile list --json", "for a script")]),
    ("profile show", &[("tidp profile show", "the profile in use"), ("tidp profile show work", "another one")]),
    (
        "profile use",
        &[("tidp profile use work", "from now on"), ("tidp token --profile work", "or just once, with any command")],
    ),
    (
        "profile set",
        &[
            ("tidp profile set work scopes \"openid profile\"", "a list is one argument"),
            ("tidp profile set work renew before-session-ends", "let `tidp token` also renew the session"),
        ],
    ),
    (
        "profile unset",
        &[
            ("tidp profile unset work scopes", "back to the default"),
            ("tidp profile show work", "see what is set, and where"),
        ],
    ),
    (
        "profile rename",
        &[("tidp profile rename work job", "the session goes along"), ("tidp profile list", "see the names")],
    ),
    (
        "profile remove",
        &[("tidp logout --profile work", "end its session first"), ("tidp profile remove work", "then")],
    ),
    (
        "profile secret",
        &[
            ("tidp profile secret work", "type it"),
            ("pass show work | tidp profile secret work", "from a password manager"),
            ("tidp profile secret work --remove", "remove it"),
        ],
    ),
    (
        "sandbox",
        &[
            ("tidp sandbox", "with a client of every type"),
            ("tidp sandbox --client my-app=PublicWithRefresh,http://localhost:3000/callback", "for your own app"),
            ("tidp sandbox --config sandbox.toml", "with the clients and users of a file"),
        ],
    ),
    (
        "sandbox token",
        &[
            ("tidp sandbox token --scope api:orders --claim department=sales", "a right one"),
            ("tidp sandbox token --scope api:orders --wrong expired", "one that an API must refuse"),
        ],
    ),
    (
        "completions",
        &[
            ("tidp completions bash > ~/.local/share/bash-completion/completions/tidp", "bash, with bash-completion"),
            ("tidp completions bash >> ~/.bashrc", "bash without it"),
            ("tidp completions zsh > ~/.zfunc/_tidp", "zsh; before compinit, ~/.zshrc needs: fpath+=(~/.zfunc)"),
            ("tidp completions fish > ~/.config/fish/completions/tidp.fish", "fish"),
            ("tidp completions powershell >> $PROFILE", "PowerShell"),
            ("tidp completions elvish >> ~/.config/elvish/rc.elv", "elvish"),
        ],
    ),
    (
        "help",
        &[
            ("tidp help profile add", "a command"),
            ("tidp help scripts", "a topic"),
            ("tidp login -h", "the short form, on one screen"),
        ],
    ),
    ("version", &[("tidp version", "for people"), ("tidp version --json", "for a bug report")]),
];

const IN_A_SCRIPT: &str = "h=$(tidp token --format header) && printf '%s\\n' \"$h\" | curl -fsS -H @- \"$URL\"";

# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_tidp_global_optspecs
    string join \n p/profile= json q/quiet v/verbose color= h/help V/version
end

function __fish_tidp_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_tidp_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_tidp_using_subcommand
    set -l cmd (__fish_tidp_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c tidp -n "__fish_tidp_needs_command" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_needs_command" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_needs_command" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_needs_command" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_needs_command" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_needs_command" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_needs_command" -s V -l version -d 'Print version'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "demo" -d 'Show login, token, refresh and logout on the sandbox'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "login" -d 'Log in with the browser; the keyring keeps the session'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "token" -d 'Print a valid access token, refreshed if necessary'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "refresh" -d 'Refresh the session if it is due'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "status" -d 'Show every profile and session, and which one is used'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "whoami" -d 'Show every profile and session, and which one is used'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "inspect" -d 'Show the session: account, tokens, claims, policy'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "decode" -d 'Decode a JWT offline, or verify it'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "policy" -d 'Explain the refresh policy and how long the session lasts'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "keepalive" -d 'Keep a sliding session alive, as while a command runs'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "exec" -d 'Run a command with TIDP_ACCESS_TOKEN set'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "userinfo" -d 'Show the userinfo claims'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "logout" -d 'Log out: end the session here, then at the provider'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "manage" -d 'Open the user\'s own account page at TelenorID+'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "profile" -d 'Add, list, show, change and remove profiles'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "doctor" -d 'Check what a login needs, and say what to do'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "sandbox" -d 'Run a stand-in for TelenorID+, to try an app with'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "completions" -d 'Print the completion script for a shell'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "help" -d 'Show this help, that of a command, or a topic'
complete -c tidp -n "__fish_tidp_needs_command" -f -a "version" -d 'Show the version, and how tidp was built'
complete -c tidp -n "__fish_tidp_using_subcommand demo" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand demo" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand demo" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand demo" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand demo" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand demo" -l no-browser -d 'Approve the login without a browser'
complete -c tidp -n "__fish_tidp_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand login" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand login" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand login" -l ciba -d 'Confirm the login in this app (CIBA)' -r -f -a "vipps\t''
bankid\t''"
complete -c tidp -n "__fish_tidp_using_subcommand login" -l prompt -d 'none: never ask the user; login: always ask' -r -f -a "none\t''
login\t''"
complete -c tidp -n "__fish_tidp_using_subcommand login" -l login-hint -d 'Phone number for the login page or --ciba' -r
complete -c tidp -n "__fish_tidp_using_subcommand login" -l provider -d 'How to log in at TelenorID+' -r -f -a "bankid\t''
azure\t''
client-certificate\t''
service-phone\t''
t-we-box\t''"
complete -c tidp -n "__fish_tidp_using_subcommand login" -l aal -d 'Requested assurance level of TelenorID+' -r -f -a "1\t''
2\t''
3\t''"
complete -c tidp -n "__fish_tidp_using_subcommand login" -l acr-values -d 'Requested acr_values, space-separated' -r
complete -c tidp -n "__fish_tidp_using_subcommand login" -l require-acr -d 'As --acr-values; fail if it has none of them (exit 7)' -r
complete -c tidp -n "__fish_tidp_using_subcommand login" -l ui-locales -d 'Preferred languages of the login page, such as no' -r
complete -c tidp -n "__fish_tidp_using_subcommand login" -l max-age -d 'Ask again if the SSO login is older (OIDC max_age)' -r
complete -c tidp -n "__fish_tidp_using_subcommand login" -l scope -d 'Scopes instead of the profile\'s; can be repeated' -r
complete -c tidp -n "__fish_tidp_using_subcommand login" -l extra-param -d 'Extra parameter of the authorization request; can be repeated' -r
complete -c tidp -n "__fish_tidp_using_subcommand login" -l timeout -d 'How long to wait for the user [default: 5m]' -r
complete -c tidp -n "__fish_tidp_using_subcommand login" -l expect-sub -d 'Fail if another account logs in (exit 7)' -r
complete -c tidp -n "__fish_tidp_using_subcommand login" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand login" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand login" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand login" -l no-browser -d 'Print the URL instead of opening a browser'
complete -c tidp -n "__fish_tidp_using_subcommand login" -l paste -d 'Read the redirected URL from stdin'
complete -c tidp -n "__fish_tidp_using_subcommand login" -l device -d 'Log in on another device'
complete -c tidp -n "__fish_tidp_using_subcommand login" -l no-qr -d 'With --device: show no QR code'
complete -c tidp -n "__fish_tidp_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand token" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand token" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand token" -l min-ttl -d 'Minimum remaining lifetime of the token [default: 30s]' -r
complete -c tidp -n "__fish_tidp_using_subcommand token" -l scope -d 'A token of these scopes alone; can be repeated' -r
complete -c tidp -n "__fish_tidp_using_subcommand token" -l format -d 'Output format [default: raw]' -r -f -a "raw\t'The token alone'
header\t'Authorization: Bearer …'
header-json\t'{"Authorization":"Bearer …"}'
curl\t'A line for `curl -K -`'
env\t'export TIDP_ACCESS_TOKEN=… (with --id-token: TIDP_ID_TOKEN), or as --shell needs it'
json\t'{"access_token":…} (with --id-token: {"id_token":…})'
exec-credential\t'A Kubernetes ExecCredential'"
complete -c tidp -n "__fish_tidp_using_subcommand token" -l shell -d 'The shell that reads --format env [default: a guess]' -r -f -a "posix\t'sh, bash, zsh, fish: export TIDP_ACCESS_TOKEN=\'…\''
powershell\t'$env:TIDP_ACCESS_TOKEN = \'…\''
cmd\t'cmd.exe: set "TIDP_ACCESS_TOKEN=…"'"
complete -c tidp -n "__fish_tidp_using_subcommand token" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand token" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand token" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand token" -l id-token -d 'Print the ID token instead'
complete -c tidp -n "__fish_tidp_using_subcommand token" -l no-refresh -d 'Never touch the network'
complete -c tidp -n "__fish_tidp_using_subcommand token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand refresh" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand refresh" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand refresh" -l tnu-id -d 'For another profile of the user (deprecated)' -r
complete -c tidp -n "__fish_tidp_using_subcommand refresh" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand refresh" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand refresh" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand refresh" -l claims -d 'Refresh anyway, to update the ID token\'s claims'
complete -c tidp -n "__fish_tidp_using_subcommand refresh" -l force -d 'Refresh anyway'
complete -c tidp -n "__fish_tidp_using_subcommand refresh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand status" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand status" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand status" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand status" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand status" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand status" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand whoami" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand whoami" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand whoami" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand whoami" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand whoami" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand whoami" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand inspect" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand inspect" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand inspect" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand inspect" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand inspect" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand decode" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand decode" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand decode" -l jwks -d 'Check with the keys in this file (a JWK set)' -r -F
complete -c tidp -n "__fish_tidp_using_subcommand decode" -l leeway -d 'Clock difference to tolerate' -r
complete -c tidp -n "__fish_tidp_using_subcommand decode" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand decode" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand decode" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand decode" -l verify -d 'Check with the keys of the profile\'s provider'
complete -c tidp -n "__fish_tidp_using_subcommand decode" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -l require -d 'Exit with 3 if less than this is left' -r
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -l short -d 'Print one short line for a prompt: `Mobile 89d`'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -l why -d 'List the events behind the explanation'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -l ascii -d 'Draw with plain ASCII characters'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -l watch -d 'Update the display every second until Ctrl-C'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -f -a "list" -d 'List the policies'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -f -a "show" -d 'Explain one policy'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and not __fish_seen_subcommand_from list show simulate" -f -a "simulate" -d 'Simulate a session under a policy, and show when it ends'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from list" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from list" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from show" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from show" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l policy -d 'The same as an option' -r -f -a "NoRefresh\t''
Confidential\t''
Mobile\t''
PublicWeb\t''
Web\t''"
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l every -d 'How often a script runs `tidp token`' -r
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l for -d 'Length of the simulation' -r
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l access-token -d 'Lifetime of an access token' -r
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l sso-ends-after -d 'The SSO session ends this long after the login' -r
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l refresh-tokens -d 'What a refresh does with the refresh token' -r -f -a "rotate\t'A new refresh token each time; the old one is revoked'
reuse\t'The same refresh token each time'"
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l renew -d 'When `tidp token` refreshes' -r -f -a "when-due\t'Only when the access token has expired'
before-session-ends\t'Also in the last third of a sliding lifetime'"
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l compare -d 'Compare all policies'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l force -d 'The script runs `tidp refresh --force` instead'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l ascii -d 'Draw with plain ASCII characters'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand policy; and __fish_seen_subcommand_from simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand keepalive" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand keepalive" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand keepalive" -l for -d 'Stop after this time [default: CMD\'s, or the session\'s]' -r
complete -c tidp -n "__fish_tidp_using_subcommand keepalive" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand keepalive" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand keepalive" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand keepalive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand exec" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand exec" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand exec" -l min-ttl -d 'Minimum remaining lifetime of the token [default: 30s]' -r
complete -c tidp -n "__fish_tidp_using_subcommand exec" -l scope -d 'A token of these scopes alone; can be repeated' -r
complete -c tidp -n "__fish_tidp_using_subcommand exec" -l env -d 'The variable to set instead of TIDP_ACCESS_TOKEN' -r
complete -c tidp -n "__fish_tidp_using_subcommand exec" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand exec" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand exec" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand userinfo" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand userinfo" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand userinfo" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand userinfo" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand userinfo" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand userinfo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand logout" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand logout" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand logout" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand logout" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand logout" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand logout" -l local -d 'Delete the local session only'
complete -c tidp -n "__fish_tidp_using_subcommand logout" -l all -d 'Also all other profiles, and sessions without one'
complete -c tidp -n "__fish_tidp_using_subcommand logout" -l browser -d 'End the provider\'s session in the browser'
complete -c tidp -n "__fish_tidp_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand manage" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand manage" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand manage" -l lang -d 'Language of the page, such as no' -r
complete -c tidp -n "__fish_tidp_using_subcommand manage" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand manage" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand manage" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand manage" -l print -d 'Print the link instead of opening the browser'
complete -c tidp -n "__fish_tidp_using_subcommand manage" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -f -a "add" -d 'Add a profile to config.toml'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -f -a "list" -d 'List all profiles'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -f -a "ls" -d 'List all profiles'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -f -a "show" -d 'Show one profile with all its settings'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -f -a "use" -d 'Make a profile the default'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -f -a "set" -d 'Set one key of a profile'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -f -a "unset" -d 'Remove one key of a profile, so that its default applies'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -f -a "rename" -d 'Rename a profile, with its session and client secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -f -a "remove" -d 'Remove a profile that has no session'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -f -a "rm" -d 'Remove a profile that has no session'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and not __fish_seen_subcommand_from add list ls show use set unset rename remove rm secret" -f -a "secret" -d 'Store the client secret in the keyring'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -l issuer -d 'Issuer URL of the provider, if not TelenorID+' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -l environment -d 'TelenorID+ environment' -r -f -a "staging\t''
production\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -l client-id -d 'Client ID' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -l client-type -d 'Client type at TelenorID+; determines the policy' -r -f -a "Public\t''
PublicWithRefresh\t''
Confidential\t''
MobileApp\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -l grant -d 'A user logs in, or the client acts for itself' -r -f -a "authorization_code\t''
client_credentials\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -l policy -d 'Refresh policy, if not the one of the client type' -r -f -a "NoRefresh\t''
Confidential\t''
Mobile\t''
PublicWeb\t''
Web\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -l scope -d 'Scopes; can be repeated' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -l redirect-uri -d 'Registered redirect URI' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -l auth-method -d 'How the client secret is sent' -r -f -a "client_secret_basic\t''
client_secret_post\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from list" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from list" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from ls" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from ls" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from ls" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from show" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from show" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from use" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from use" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from use" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from use" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from use" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from use" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from set" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from set" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from unset" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from unset" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from unset" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from unset" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rename" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rename" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rename" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rename" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from remove" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from remove" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rm" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rm" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rm" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from secret" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from secret" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from secret" -l remove -d 'Remove the secret instead'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from secret" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from secret" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from secret" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand profile; and __fish_seen_subcommand_from secret" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand doctor" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand doctor" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand doctor" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand doctor" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand doctor" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l port -d 'Port; 0: any free one' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l client -d 'A client of your own; can be repeated' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l secret -d 'Secret of a confidential client; can be repeated' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l redirect-uri -d 'Redirect URI for every client that it fits' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l user -d 'A user of your own; can be repeated' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l config -d 'Clients, users and lifetimes from this file' -r -F
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l issuer -d 'The address under which applications reach it' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l bind -d 'The address to listen on' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l refresh-tokens -d 'What a refresh does with the refresh token' -r -f -a "rotate\t'A new refresh token each time; the old one is revoked'
reuse\t'The same refresh token each time'"
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l introspection -d 'Whom introspection answers' -r -f -a "apis-only\t'Only APIs, as TelenorID+ (Duende IdentityServer 6) does; the API is sandbox-api, its secret sandbox-secret'
refresh-tokens\t'Clients too, about their own tokens, as Duende IdentityServer 7 does'"
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l access-token-lifetime -d 'Lifetime of access tokens [default: 1h]' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l clock -d 'Start with the clock this far ahead or (-5m) behind' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -l auto-approve -d 'Log in as the first user, without a page'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and not __fish_seen_subcommand_from token" -f -a "token" -d 'Print a token of a running sandbox, for testing an API'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l client-id -d 'The client [default: the sandbox\'s first]' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l user -d 'The user [default: the sandbox\'s first]' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l scope -d 'Scopes; can be repeated [default: openid profile]' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l claim -d 'A claim; can be repeated' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l lifetime -d 'How long it is valid' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l wrong -d 'What is wrong with it' -r -f -a "expired\t''
not-yet-valid\t''
other-issuer\t''
other-audience\t''
unknown-key\t''
wrong-signature\t''
other-typ\t''
alg-none\t''"
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l format -d 'How to print it' -r -f -a "raw\t'The token'
header\t'A header: Authorization: Bearer …'
json\t'The token, its header and its claims'"
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l at -d 'The sandbox\'s address' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l id-token -d 'An ID token instead of an access token'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l no-user -d 'A token for the client itself'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand completions" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand completions" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand completions" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand completions" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand completions" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand help" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand help" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand help" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand help" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand help" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidp -n "__fish_tidp_using_subcommand version" -s p -l profile -d 'The profile to use instead of the default one (TIDP_PROFILE)' -r
complete -c tidp -n "__fish_tidp_using_subcommand version" -l color -d 'When to use colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c tidp -n "__fish_tidp_using_subcommand version" -l json -d 'Print one JSON document on stdout; an error is the last line of stderr, as JSON'
complete -c tidp -n "__fish_tidp_using_subcommand version" -s q -l quiet -d 'Suppress notes and warnings (errors are still printed)'
complete -c tidp -n "__fish_tidp_using_subcommand version" -s v -l verbose -d 'Print what tidp does and each request to stderr; -vv: headers too, never a secret'
complete -c tidp -n "__fish_tidp_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'

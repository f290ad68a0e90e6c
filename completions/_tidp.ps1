
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'tidp' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'tidp'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'tidp' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'See the whole story on the built-in sandbox: login, token, refresh under a policy, logout')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in with the browser; the session goes into the OS keyring')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print a valid access token, refreshing only if that is due')
            [CompletionResult]::new('refresh', 'refresh', [CompletionResultType]::ParameterValue, 'Refresh the session if that is due')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show the session: account, tokens, claims, policy')
            [CompletionResult]::new('decode', 'decode', [CompletionResultType]::ParameterValue, 'Decode a JWT offline, or verify it')
            [CompletionResult]::new('policy', 'policy', [CompletionResultType]::ParameterValue, 'Explain the refresh policy and how much life is left')
            [CompletionResult]::new('keepalive', 'keepalive', [CompletionResultType]::ParameterValue, 'Keep a sliding session alive on purpose: while a command runs, for some time, or until it ends')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with TIDP_ACCESS_TOKEN set')
            [CompletionResult]::new('userinfo', 'userinfo', [CompletionResultType]::ParameterValue, 'Show the userinfo claims')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'End the session: here first, then at the provider')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Add, list, show, choose and remove profiles')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a stand-in for TelenorID+ on a loopback port, to try an app against each policy')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            break
        }
        'tidp;demo' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Do not open a browser: the demo approves the login itself')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;login' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--prompt', '--prompt', [CompletionResultType]::ParameterName, 'none: only if the SSO session still lives; login: ask for credentials again')
            [CompletionResult]::new('--login-hint', '--login-hint', [CompletionResultType]::ParameterName, 'The phone number to fill in')
            [CompletionResult]::new('--acr-values', '--acr-values', [CompletionResultType]::ParameterName, 'Assurance levels or providers wished for, separated by spaces')
            [CompletionResult]::new('--require-acr', '--require-acr', [CompletionResultType]::ParameterName, 'As --acr-values, but anything else is refused (exit 7)')
            [CompletionResult]::new('--ui-locales', '--ui-locales', [CompletionResultType]::ParameterName, 'Languages of the login page, such as no')
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'The longest time since the user proved who they are (0s: now)')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Scopes instead of the profile''s; repeat, or separate by spaces')
            [CompletionResult]::new('--extra-param', '--extra-param', [CompletionResultType]::ParameterName, 'A further parameter of the authorization request, for a provider that knows it; repeat')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the user')
            [CompletionResult]::new('--expect-sub', '--expect-sub', [CompletionResultType]::ParameterName, 'Refuse any other account than the one with this `sub` (exit 7)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Print the URL instead of opening a browser, and still wait for the redirect')
            [CompletionResult]::new('--paste', '--paste', [CompletionResultType]::ParameterName, 'Read the redirected URL from stdin: for a client whose redirect URI is not on this machine')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;token' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--min-ttl', '--min-ttl', [CompletionResultType]::ParameterName, 'How much life the token must have left [default: 30s]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to print it [default: raw]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--id-token', '--id-token', [CompletionResultType]::ParameterName, 'Print the ID token instead')
            [CompletionResult]::new('--no-refresh', '--no-refresh', [CompletionResultType]::ParameterName, 'Never touch the network')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;refresh' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--claims', '--claims', [CompletionResultType]::ParameterName, 'Refresh anyway, to bring the ID token''s claims up to date')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Refresh anyway')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;inspect' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;decode' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--jwks', '--jwks', [CompletionResultType]::ParameterName, 'Check against the keys in this file (a JWK set) instead')
            [CompletionResult]::new('--leeway', '--leeway', [CompletionResultType]::ParameterName, 'How far clocks may differ when times are checked')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Check signature, issuer and times, with the profile''s provider')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;policy' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--require', '--require', [CompletionResultType]::ParameterName, 'Exit with 3 when less than this is left of the refresh token''s life, or without one of the access token''s')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--short', '--short', [CompletionResultType]::ParameterName, 'One short line, for a prompt: `Mobile 89d`')
            [CompletionResult]::new('--why', '--why', [CompletionResultType]::ParameterName, 'List the events behind the answer')
            [CompletionResult]::new('--ascii', '--ascii', [CompletionResultType]::ParameterName, 'Draw with plain ASCII characters')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Count down live on the terminal, until Ctrl-C')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'The five policies, a line each')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'One policy explained')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'What if: play a session under a policy, offline, and see what happens and when it dies')
            break
        }
        'tidp;policy;list' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;policy;show' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;policy;simulate' {
            [CompletionResult]::new('--policy', '--policy', [CompletionResultType]::ParameterName, 'The policy')
            [CompletionResult]::new('--every', '--every', [CompletionResultType]::ParameterName, 'How often a script runs `tidp token`')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'How long to look')
            [CompletionResult]::new('--access-token', '--access-token', [CompletionResultType]::ParameterName, 'How long an access token lives')
            [CompletionResult]::new('--sso-ends-after', '--sso-ends-after', [CompletionResultType]::ParameterName, 'End the user''s SSO session this long after the login')
            [CompletionResult]::new('--refresh-tokens', '--refresh-tokens', [CompletionResultType]::ParameterName, 'Whether a refresh hands out a new handle, or the same one again')
            [CompletionResult]::new('--renew', '--renew', [CompletionResultType]::ParameterName, 'The profile''s `renew`: when `tidp token` refreshes')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--compare', '--compare', [CompletionResultType]::ParameterName, 'All five policies side by side')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'The script runs `tidp refresh --force` instead of `tidp token`')
            [CompletionResult]::new('--ascii', '--ascii', [CompletionResultType]::ParameterName, 'Draw with plain ASCII characters')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;keepalive' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'Refresh no more after this time; without CMD, end then with 0 [default: while CMD runs, or the session lives]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;exec' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--min-ttl', '--min-ttl', [CompletionResultType]::ParameterName, 'How much life the token must have left [default: 30s]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;userinfo' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;logout' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--local', '--local', [CompletionResultType]::ParameterName, 'Only here: the provider is not told')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'All profiles, and sessions whose profile is gone')
            [CompletionResult]::new('--browser', '--browser', [CompletionResultType]::ParameterName, 'End the provider''s session in the browser (end_session_endpoint)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;profile' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a profile to config.toml; the first one becomes the default')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'All profiles, a line each')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'One profile, with everything that follows from it')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Make a profile the default')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a profile that has no session')
            [CompletionResult]::new('secret', 'secret', [CompletionResultType]::ParameterValue, 'Put the client secret into the keyring; read from the terminal without echo, or from stdin')
            break
        }
        'tidp;profile;add' {
            [CompletionResult]::new('--issuer', '--issuer', [CompletionResultType]::ParameterName, 'The provider''s issuer, such as https://id-test.telenor.no')
            [CompletionResult]::new('--environment', '--environment', [CompletionResultType]::ParameterName, 'TelenorID+''s staging or production')
            [CompletionResult]::new('--client-id', '--client-id', [CompletionResultType]::ParameterName, 'The client')
            [CompletionResult]::new('--client-type', '--client-type', [CompletionResultType]::ParameterName, 'The client''s type, which decides its refresh policy')
            [CompletionResult]::new('--policy', '--policy', [CompletionResultType]::ParameterName, 'The refresh policy, where it is not the one that follows from the client type')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Scopes; repeat, or separate by spaces')
            [CompletionResult]::new('--redirect-uri', '--redirect-uri', [CompletionResultType]::ParameterName, 'The registered redirect URI [default: http://127.0.0.1/callback]')
            [CompletionResult]::new('--auth-method', '--auth-method', [CompletionResultType]::ParameterName, 'How the client secret is sent')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;profile;list' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;profile;show' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;profile;use' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;profile;remove' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;profile;secret' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--remove', '--remove', [CompletionResultType]::ParameterName, 'Remove the secret instead')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;sandbox' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port on 127.0.0.1; 0: any free one')
            [CompletionResult]::new('--refresh-tokens', '--refresh-tokens', [CompletionResultType]::ParameterName, 'Whether a refresh hands out a new handle and kills the old one, or the same handle again')
            [CompletionResult]::new('--access-token-lifetime', '--access-token-lifetime', [CompletionResultType]::ParameterName, 'How long access tokens live')
            [CompletionResult]::new('--clock', '--clock', [CompletionResultType]::ParameterName, 'Start with the clock this far ahead (a minus sign: behind)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--auto-approve', '--auto-approve', [CompletionResultType]::ParameterName, 'Log in without a page, as the first test user')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tidp;completions' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to use instead of the default one (TIDP_PROFILE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour [default: auto, which honours NO_COLOR and CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document on stdout; an error is the last line of stderr, as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and no warnings on stderr; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr which requests are made (never what is in them)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}

# Completions of tidp for PowerShell, as `tidp completions powershell` prints them.
Register-ArgumentCompleter -Native -CommandName tidp -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    tidp __complete "--current=$wordToComplete" '--' @before 2>$null | Where-Object { $_ -notlike ':*' } | ForEach-Object {
        $value, $text = $_ -split "`t", 2
        if (-not $text) { $text = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $text)
    }
}

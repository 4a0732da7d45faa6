<#
collect.ps1: writes down what this machine answers to a few read-only questions about its network, for a machine that has no
Python. The Connection Wizard reads the result on any other machine:  wizard check 8000 --bundle FILE

    powershell -NoProfile -ExecutionPolicy Bypass -File collect.ps1 [-Folder FOLDER] [-Redact]

It needs no administrator; as one it also sees the programs of other users. It changes nothing: it starts no service, sends no
packet, writes only below FOLDER (here, if you name none). It runs on Windows PowerShell 5.1 and PowerShell 7, also where
ConstrainedLanguage is enforced. It asks these questions, if it can, and no others:

    netstat -ano; tasklist /svc; sc queryex; ipconfig /all; route print; arp -a; chcp; whoami /groups (is it an administrator?)
    reg query of the firewall's rules and profiles (local and of policy), and of the proxy settings
    netsh: advfirewall (profiles, rules), interface (excluded and dynamic ports, portproxy), http (servicestate, urlacl, iplisten),
        winhttp proxy
    Get-NetTCPConnection, Get-NetAdapter, Get-NetIPAddress, Get-NetConnectionProfile, Get-NetRoute, Get-NetNeighbor,
        Get-DnsClientServerAddress, Get-NetFirewallProfile, Get-NetFirewallHyperVVMSetting, Get-NetFirewallHyperVRule
    Get-CimInstance Win32_Process, Win32_Service, FirewallProduct
    wsl --list --running; of a Linux that runs already: hostname -I, /proc/net/tcp, /proc/net/tcp6
    the hosts file, .wslconfig, and the variables that name Windows' own folders

The programs' arguments are in the result as the Task Manager shows them. Read it before you send it: it is plain text. -Redact
puts other words for your account's name and this computer's name; look through it all the same.
#>
param([string]$Folder = '.', [switch]$Redact)

$ErrorActionPreference = 'Continue'
$ProgressPreference = 'SilentlyContinue'

# --- writing the bundle ----------------------------------------------------------------------------------------------

# A TOML string: printable ASCII only, so that no program's words can break the file.
function Get-Quoted([string]$Text) {
    $plain = ($Text -replace '[\r\n\t]+', ' ') -replace '[^\x20-\x7e]', '?'
    if ($plain.Length -gt 2000) { $plain = $plain.Substring(0, 2000) }
    '"' + (($plain -replace '\\', '\\') -replace '"', '\"') + '"'
}

function Add-Answer($Ask, [int]$ExitCode, [double]$Seconds, [string]$Errors) {
    Add-Content -Path $index -Encoding Ascii -Value @(
        "[$(Get-Quoted $Ask.Name)]"
        "source = $(Get-Quoted $Ask.Line)"
        "exit_code = $ExitCode"
        "seconds = $([int]$Seconds)"
        "errors = $(Get-Quoted $Errors)"
        "file = $(Get-Quoted "$($Ask.Name).txt")"
        ''
    )
    $answered[$Ask.Name] = $true
}

function Add-Unknown($Ask, [string]$Reason) {
    Remove-Item -Path (Join-Path $captures "$($Ask.Name).txt") -ErrorAction SilentlyContinue
    Add-Content -Path $index -Encoding Ascii -Value @(
        "[$(Get-Quoted $Ask.Name)]"
        "reason = $(Get-Quoted $Reason)"
        "remedy = $(Get-Quoted $Ask.Line)"
        "what = $(Get-Quoted $Ask.What)"
        ''
    )
    Write-Host "  not read: $($Ask.What) ($Reason)"
}

# --- asking: commands and cmdlets run side by side, each with its limit ----------------------------------------------

function Start-Command($Ask) {
    $words = $Ask.Line -split ' ', 2
    $program = Get-Command -Name $words[0] -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if (-not $program) { return }
    $given = @{
        FilePath = $program.Path; NoNewWindow = $true; PassThru = $true
        RedirectStandardOutput = (Join-Path $captures "$($Ask.Name).txt")
        RedirectStandardError = (Join-Path $captures "$($Ask.Name).err")
    }
    if ($words.Count -gt 1) { $given.ArgumentList = $words[1] }
    $Ask.Process = Start-Process @given
    # Without its handle a process that has ended does not tell its exit code.
    $null = $Ask.Process.Handle
}

function Complete-Command($Ask) {
    if (-not $Ask.Process) {
        Add-Unknown $Ask "$(($Ask.Line -split ' ', 2)[0]) is not installed"
        return
    }
    Wait-Process -Id $Ask.Process.Id -Timeout $Ask.Seconds -ErrorAction SilentlyContinue
    $late = -not $Ask.Process.HasExited
    if ($late) { Stop-Process -Id $Ask.Process.Id -Force -ErrorAction SilentlyContinue }
    $errorFile = Join-Path $captures "$($Ask.Name).err"
    $said = Get-Content -Path $errorFile -Raw -ErrorAction SilentlyContinue
    Remove-Item -Path $errorFile -ErrorAction SilentlyContinue
    $code = $Ask.Process.ExitCode
    if ($late) {
        Add-Unknown $Ask "$($Ask.Line) gave no answer within $($Ask.Seconds) seconds"
    } elseif ($code) {
        Add-Unknown $Ask "$($Ask.Line) ended with exit code $code $said"
    } else {
        Add-Answer $Ask 0 ((Get-Date) - $Ask.Began).TotalSeconds $said
    }
}

function Start-Cmdlet($Ask) { $Ask.Job = Start-Job -ScriptBlock $Ask.Block }

function Complete-Cmdlet($Ask) {
    $null = Wait-Job -Job $Ask.Job -Timeout $Ask.Seconds
    if ($Ask.Job.State -eq 'Running') {
        Add-Unknown $Ask "it gave no answer within $($Ask.Seconds) seconds"
    } else {
        $trouble = $null
        $text = Receive-Job -Job $Ask.Job -ErrorAction SilentlyContinue -ErrorVariable trouble
        if ($trouble -and -not $text) {
            Add-Unknown $Ask "$($trouble[0])"
        } else {
            Set-Content -Path (Join-Path $captures "$($Ask.Name).txt") -Encoding UTF8 -Value $text
            Add-Answer $Ask 0 ((Get-Date) - $Ask.Began).TotalSeconds ''
        }
    }
    Remove-Job -Job $Ask.Job -Force
}

function Complete-File($Ask) {
    if (-not (Test-Path -Path $Ask.Line)) {
        Set-Content -Path (Join-Path $captures "$($Ask.Name).txt") -Encoding Ascii -Value ''
        Add-Answer $Ask 0 0 "not asked: there is no $($Ask.Line)"
        return
    }
    Copy-Item -Path $Ask.Line -Destination (Join-Path $captures "$($Ask.Name).txt") -ErrorAction SilentlyContinue
    if ($?) { Add-Answer $Ask 0 0 '' } else { Add-Unknown $Ask 'it may not be read' }
}

# --- all questions ---------------------------------------------------------------------------------------------------

$questions = @()

function Ask([string]$Name, [string]$What, [int]$Seconds, [string]$Line, [string]$InsteadOf, [string]$After, [string]$Having) {
    $script:questions += @{
        Kind = 'Command'; Name = $Name; What = $What; Seconds = $Seconds; Line = $Line
        InsteadOf = $InsteadOf; After = $After; Having = $Having
    }
}

function AskShell([string]$Name, [string]$What, [int]$Seconds, [scriptblock]$Block, [string]$InsteadOf, [string]$After, [string]$Having) {
    $script:questions += @{
        Kind = 'Cmdlet'; Name = $Name; What = $What; Seconds = $Seconds; Line = "$Block".Trim(); Block = $Block
        InsteadOf = $InsteadOf; After = $After; Having = $Having
    }
}

function Take([string]$Name, [string]$What, [string]$Path) {
    $script:questions += @{ Kind = 'File'; Name = $Name; What = $What; Line = $Path }
}

Ask 'netstat' 'who listens, and who is connected' 15 'netstat -ano'
AskShell 'get-nettcpconnection' 'who listens on which port' 30 { Get-NetTCPConnection -State Listen | Select-Object LocalAddress,LocalPort,RemoteAddress,RemotePort,@{n="State";e={"$($_.State)"}},OwningProcess | ConvertTo-Json -Depth 3 -Compress } -InsteadOf 'netstat'
AskShell 'win32-process' 'the processes that run' 30 { Get-CimInstance Win32_Process | Select-Object ProcessId,ParentProcessId,Name,ExecutablePath,CommandLine,CreationDate | ConvertTo-Json -Depth 3 -Compress }
Ask 'tasklist' 'which services a process hosts' 15 'tasklist /svc /fo csv /nh' -InsteadOf 'sc-queryex'
Ask 'sc-queryex' 'which services run' 15 'sc queryex type= service state= all'
AskShell 'win32-service' 'which services run' 30 { Get-CimInstance Win32_Service | Select-Object ProcessId,Name,State,StartMode | ConvertTo-Json -Depth 3 -Compress } -InsteadOf 'sc-queryex'
AskShell 'get-netadapter' 'the interfaces'' hardware' 30 { Get-NetAdapter -IncludeHidden | Select-Object Name,InterfaceDescription,@{n="Status";e={"$($_.Status)"}},MacAddress,ifIndex,InterfaceGuid,InterfaceType,MtuSize,Virtual | ConvertTo-Json -Depth 3 -Compress }
AskShell 'get-netipaddress' 'the interfaces and addresses' 30 { Get-NetIPAddress | Select-Object IPAddress,PrefixLength,InterfaceAlias,InterfaceIndex,@{n="AddressState";e={"$($_.AddressState)"}} | ConvertTo-Json -Depth 3 -Compress }
Ask 'ipconfig' 'the interfaces and addresses' 15 'ipconfig /all' -InsteadOf 'get-netipaddress'
AskShell 'get-netconnectionprofile' 'which profile each network has' 30 { Get-NetConnectionProfile | Select-Object Name,InterfaceAlias,InterfaceIndex,@{n="NetworkCategory";e={"$($_.NetworkCategory)"}} | ConvertTo-Json -Depth 3 -Compress }
AskShell 'get-netroute' 'the routes' 30 { Get-NetRoute | Select-Object DestinationPrefix,NextHop,InterfaceAlias,ifIndex,RouteMetric,InterfaceMetric | ConvertTo-Json -Depth 3 -Compress }
Ask 'route-print' 'the routes' 15 'route print' -InsteadOf 'get-netroute'
AskShell 'get-netneighbor' 'the neighbour table' 30 { Get-NetNeighbor | Select-Object IPAddress,InterfaceAlias,LinkLayerAddress,@{n="State";e={"$($_.State)"}} | ConvertTo-Json -Depth 3 -Compress }
Ask 'arp' 'the neighbour table' 15 'arp -a' -InsteadOf 'get-netneighbor'
AskShell 'get-dnsclientserveraddress' 'the name servers' 30 { Get-DnsClientServerAddress | Select-Object InterfaceAlias,ServerAddresses | ConvertTo-Json -Depth 3 -Compress }
Ask 'reg-firewall' 'the firewall''s rules and profiles' 15 'reg query HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy /s'
Ask 'reg-policies' 'whether policy speaks of the firewall' 15 'reg query HKLM\SOFTWARE\Policies\Microsoft'
Ask 'reg-firewall-policy' 'the firewall rules of Group Policy' 15 'reg query HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall /s' -After 'reg-policies' -Having 'WindowsFirewall'
AskShell 'get-netfirewallprofile' 'what each profile does' 30 { Get-NetFirewallProfile -PolicyStore ActiveStore | Select-Object Name,@{n="Enabled";e={"$($_.Enabled)"}},@{n="DefaultInboundAction";e={"$($_.DefaultInboundAction)"}},@{n="DefaultOutboundAction";e={"$($_.DefaultOutboundAction)"}},@{n="AllowInboundRules";e={"$($_.AllowInboundRules)"}},@{n="AllowLocalFirewallRules";e={"$($_.AllowLocalFirewallRules)"}},@{n="NotifyOnListen";e={"$($_.NotifyOnListen)"}} | ConvertTo-Json -Depth 3 -Compress }
Ask 'netsh-profiles' 'what each profile does' 15 'netsh advfirewall show allprofiles' -InsteadOf 'get-netfirewallprofile'
Ask 'netsh-currentprofile' 'which profile is in force' 15 'netsh advfirewall show currentprofile' -InsteadOf 'get-netconnectionprofile'
Ask 'netsh-rules' 'the firewall''s rules' 60 'netsh advfirewall firewall show rule name=all verbose' -InsteadOf 'reg-firewall'
AskShell 'security-products' 'whether another maker''s firewall is installed' 30 { Get-CimInstance -Namespace root/SecurityCenter2 -ClassName FirewallProduct | Select-Object displayName,productState | ConvertTo-Json -Depth 3 -Compress }
Ask 'excluded-ports-4' 'the reserved ports' 15 'netsh interface ipv4 show excludedportrange protocol=tcp'
Ask 'excluded-ports-6' 'the reserved ports of IPv6' 15 'netsh interface ipv6 show excludedportrange protocol=tcp'
Ask 'dynamic-ports-4' 'the dynamic ports' 15 'netsh interface ipv4 show dynamicport tcp'
Ask 'netsh-portproxy' 'what is relayed' 15 'netsh interface portproxy show all'
Ask 'http-servicestate' 'who uses http.sys' 15 'netsh http show servicestate view=requestq verbose=no'
Ask 'http-urlacl' 'who may use which URL' 15 'netsh http show urlacl'
Ask 'http-iplisten' 'where http.sys listens' 15 'netsh http show iplisten'
Ask 'wsl-running' 'which Linux runs here' 15 'wsl --list --running --quiet'
Ask 'wsl-addresses' 'the addresses of Linux' 15 'wsl -e hostname -I' -After 'wsl-running' -Having "`n"
Ask 'wsl-listeners' 'who listens in Linux' 15 'wsl -e cat /proc/net/tcp /proc/net/tcp6' -After 'wsl-running' -Having "`n"
AskShell 'wslconfig' 'how WSL is connected' 15 { if (Test-Path $HOME\.wslconfig) { Get-Content $HOME\.wslconfig } }
AskShell 'hyperv-firewall' 'what the Hyper-V firewall does for WSL' 30 { Get-NetFirewallHyperVVMSetting -PolicyStore ActiveStore -Name '{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}' | Select-Object Name,@{n="Enabled";e={"$($_.Enabled)"}},@{n="DefaultInboundAction";e={"$($_.DefaultInboundAction)"}},@{n="LoopbackEnabled";e={"$($_.LoopbackEnabled)"}},@{n="AllowHostPolicyMerge";e={"$($_.AllowHostPolicyMerge)"}} | ConvertTo-Json -Depth 3 -Compress } -After 'wslconfig' -Having 'irrored'
AskShell 'hyperv-rules' 'the rules of the Hyper-V firewall' 30 { Get-NetFirewallHyperVRule -PolicyStore ActiveStore -VMCreatorId '{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}' | Select-Object Name,DisplayName,@{n="Enabled";e={"$($_.Enabled)"}},@{n="Direction";e={"$($_.Direction)"}},@{n="Action";e={"$($_.Action)"}},Protocol,LocalPorts | ConvertTo-Json -Depth 3 -Compress } -After 'wslconfig' -Having 'irrored'
Take 'hosts' 'the hosts file' 'C:\Windows\System32\drivers\etc\hosts'
Ask 'reg-internet-settings' 'the proxy settings' 15 'reg query "HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"'
Ask 'winhttp-proxy' 'the system''s proxy' 15 'netsh winhttp show proxy'
Ask 'code-page' 'the console''s code page' 15 'cmd /c chcp'

# A question that depends on another's answer waits for it; one that stands in for another is asked where that one failed.
function Test-Due($Ask) {
    if ($Ask.InsteadOf) { return -not $answered[$Ask.InsteadOf] }
    if (-not $Ask.After) { return $true }
    $text = Get-Content -Path (Join-Path $captures "$($Ask.After).txt") -Raw -ErrorAction SilentlyContinue
    return [bool]($answered[$Ask.After] -and $text -and ($text -like "*$($Ask.Having)*"))
}

function Invoke-Questions($Several) {
    foreach ($ask in $Several) {
        $ask.Began = Get-Date
        if ($ask.Kind -eq 'Command') { Start-Command $ask }
        if ($ask.Kind -eq 'Cmdlet') { Start-Cmdlet $ask }
    }
    foreach ($ask in $Several) {
        if ($ask.Kind -eq 'Command') { Complete-Command $ask }
        if ($ask.Kind -eq 'Cmdlet') { Complete-Cmdlet $ask }
        if ($ask.Kind -eq 'File') { Complete-File $ask }
    }
}

# What no single command prints: names and values, a line each.
function Add-Lines([string]$Name, [string[]]$Lines) {
    Set-Content -Path (Join-Path $captures "$Name.txt") -Encoding UTF8 -Value $Lines
    Add-Answer @{ Name = $Name; Line = $Name; What = $Name } 0 0 ''
}

function Add-Variables {
    $names = 'SystemRoot', 'windir', 'SystemDrive', 'ProgramFiles', 'ProgramFiles(x86)', 'ProgramW6432', 'CommonProgramFiles',
        'ProgramData', 'ALLUSERSPROFILE', 'PUBLIC'
    Add-Lines 'variables' @(foreach ($name in $names) {
        $value = (Get-Item -Path "Env:$name" -ErrorAction SilentlyContinue).Value
        if ($value) { "$name=$value" }
    })
}

function Add-Version {
    $key = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion' -ErrorAction SilentlyContinue
    Add-Lines 'windows-version' @(
        'system=Windows'
        "version=10.0.$($key.CurrentBuild)"
        "edition=$($key.EditionID)"
        "machine=$env:PROCESSOR_ARCHITECTURE"
        "hostname=$env:COMPUTERNAME"
        "language=$((Get-UICulture).Name -replace '-', '_')"
        "powershell=$($PSVersionTable.PSVersion) $($ExecutionContext.SessionState.LanguageMode)"
    )
}

# Other words for the account's and the computer's name, in every answer. A file that is no text of one byte a letter is
# left as it is where it does not hold the names.
function Hide-Names {
    foreach ($file in Get-ChildItem -Path $captures -Filter '*.txt') {
        $coding = 'Oem'
        $first = Get-Content -Path $file.FullName -TotalCount 1 -ErrorAction SilentlyContinue
        if ("$first" -match '^[\[{]' -or $file.Name -in 'variables.txt', 'windows-version.txt') { $coding = 'UTF8' }
        $text = Get-Content -Path $file.FullName -Raw -Encoding $coding -ErrorAction SilentlyContinue
        if (-not $text) { continue }
        $hidden = $text
        foreach ($pair in @(@($env:USERNAME, 'user'), @($env:COMPUTERNAME, 'machine'))) {
            if ($pair[0]) { $hidden = $hidden -replace "(?i)(?<![\w-])$($pair[0] -replace '([\\.^$|?*+()\[\]{}])', '\$1')(?![\w-])", $pair[1] }
        }
        if ($hidden -ne $text) { Set-Content -Path $file.FullName -Encoding $coding -Value $hidden -NoNewline }
    }
}

$answered = @{}
$who = if ($Redact) { 'machine' } else { $env:COMPUTERNAME -replace '[^A-Za-z0-9-]', '' }
$bundle = Join-Path $Folder "wizard-bundle-$who-$(Get-Date -Format 'yyyyMMdd-HHmmss')-$PID"
$captures = Join-Path $bundle 'captures'
$index = Join-Path $bundle 'captures.toml'
$null = New-Item -ItemType Directory -Path $captures -Force -ErrorAction Stop
Set-Content -Path $index -Encoding Ascii -Value ''
$administrator = "$(whoami /groups 2>$null)" -match 'S-1-16-12288'
$seconds = [long](New-TimeSpan -Start '1970-01-01' -End (Get-Date).ToUniversalTime()).TotalSeconds
Set-Content -Path (Join-Path $bundle 'bundle.toml') -Encoding Ascii -Value @(
    'format = 1'
    "taken_at = $seconds"
    'platform = "windows"'
    "privileged = $(if ($administrator) { 'true' } else { 'false' })"
    'target = ""'
    "redacted = $(if ($Redact) { 'true' } else { 'false' })"
    'wizard = "collect.ps1"'
)
Write-Host 'Asking this machine; nothing is changed ...'
if (-not $administrator) { Write-Host '  (as an administrator it would also see the programs of other users)' }

Invoke-Questions @($questions | Where-Object { -not $_.InsteadOf -and -not $_.After })
Add-Variables
Add-Version
foreach ($ask in @($questions | Where-Object { $_.InsteadOf -or $_.After })) {
    if (Test-Due $ask) { Invoke-Questions @(, $ask) }
}
if ($Redact) { Hide-Names }

$result = $bundle
try {
    Compress-Archive -Path (Join-Path $bundle '*') -DestinationPath "$bundle.zip" -ErrorAction Stop
    $result = "$bundle.zip"
} catch {
    Write-Host "  not packed ($_): send the folder"
}
Write-Host "Done. Look through $bundle before you send $result to anybody."
Write-Output "$result"

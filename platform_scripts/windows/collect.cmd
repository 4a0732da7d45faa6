@echo off
rem collect.cmd: writes down what this machine answers to a few read-only questions about its network, for a machine that has
rem neither Python nor PowerShell. The Connection Wizard reads the result elsewhere:  wizard check 8000 --bundle FILE
rem
rem     collect.cmd [FOLDER]
rem
rem It needs no administrator; as one it also sees the programs of other users. It changes nothing: it starts no service, sends
rem no packet, writes only below FOLDER (here, if you name none). It runs these programs, and no others:
rem
rem     netstat, tasklist, sc queryex, ipconfig, route print, arp, reg query, netsh ... show, wsl --list --running, chcp, whoami
rem     cscript (for the time), tar (to pack the result)
rem
rem It cannot bound their time: end a question that hangs with Ctrl-C, and answer "N" to go on. It has no option that redacts:
rem read the result before you send it, it is plain text; or let the wizard redact it (wizard collect --redact --bundle FILE).

setlocal EnableExtensions DisableDelayedExpansion
set "where=%~1"
if "%where%"=="" set "where=."
set "bundle=%where%\wizard-bundle-%COMPUTERNAME%-%RANDOM%%RANDOM%"
md "%bundle%\captures" || exit /b 1
set "index=%bundle%\captures.toml"
type nul >"%index%"

rem The time in seconds since 1970: 0 where the script host may not run, and then the file's own time counts.
set "now=0"
set "clock=%bundle%\clock.js"
>"%clock%" echo WScript.Echo(Math.floor(new Date().getTime() / 1000));
for /f %%t in ('cscript //nologo "%clock%" 2^>nul') do set "now=%%t"
del "%clock%"

set "privileged=false"
whoami /groups 2>nul | find "S-1-16-12288" >nul && set "privileged=true"
>"%bundle%\bundle.toml" (
    echo format = 1
    echo taken_at = %now%
    echo platform = "windows"
    echo privileged = %privileged%
    echo target = ""
    echo redacted = false
    echo wizard = "collect.cmd"
)
echo Asking this machine; nothing is changed ...

call :ask netstat "who listens, and who is connected" "netstat -ano"
call :ask tasklist "which services a process hosts" "tasklist /svc /fo csv /nh"
call :ask sc-queryex "which services run" "sc queryex type= service state= all"
call :ask ipconfig "the interfaces and addresses" "ipconfig /all"
call :ask route-print "the routes" "route print"
call :ask arp "the neighbour table" "arp -a"
call :ask reg-firewall "the firewall's rules and profiles" "reg query HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy /s"
call :ask reg-policies "whether policy speaks of the firewall" "reg query HKLM\SOFTWARE\Policies\Microsoft"
find "WindowsFirewall" "%bundle%\captures\reg-policies.txt" >nul 2>&1 && call :ask reg-firewall-policy "the firewall rules of Group Policy" "reg query HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall /s"
call :ask netsh-profiles "what each profile does" "netsh advfirewall show allprofiles"
call :ask netsh-currentprofile "which profile is in force" "netsh advfirewall show currentprofile"
call :ask netsh-rules "the firewall's rules" "netsh advfirewall firewall show rule name=all verbose"
call :ask excluded-ports-4 "the reserved ports" "netsh interface ipv4 show excludedportrange protocol=tcp"
call :ask excluded-ports-6 "the reserved ports of IPv6" "netsh interface ipv6 show excludedportrange protocol=tcp"
call :ask dynamic-ports-4 "the dynamic ports" "netsh interface ipv4 show dynamicport tcp"
call :ask netsh-portproxy "what is relayed" "netsh interface portproxy show all"
call :ask http-servicestate "who uses http.sys" "netsh http show servicestate view=requestq verbose=no"
call :ask http-urlacl "who may use which URL" "netsh http show urlacl"
call :ask http-iplisten "where http.sys listens" "netsh http show iplisten"
call :ask wsl-running "which Linux runs here" "wsl --list --running --quiet"
findstr /r "." "%bundle%\captures\wsl-running.txt" >nul 2>&1 && call :ask wsl-addresses "the addresses of Linux" "wsl -e hostname -I"
findstr /r "." "%bundle%\captures\wsl-running.txt" >nul 2>&1 && call :ask wsl-listeners "who listens in Linux" "wsl -e cat /proc/net/tcp /proc/net/tcp6"
if exist "C:\Windows\System32\drivers\etc\hosts" call :ask hosts "the hosts file" "cmd /c type C:\Windows\System32\drivers\etc\hosts"
call :ask reg-internet-settings "the proxy settings" "reg query 'HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings'"
call :ask winhttp-proxy "the system's proxy" "netsh winhttp show proxy"
call :ask code-page "the console's code page" "cmd /c chcp"

set "what=where Windows keeps its folders"
for %%n in (SystemRoot SystemDrive ProgramFiles ProgramFiles^(x86^) ProgramData PUBLIC) do (
    if defined %%n >>"%bundle%\captures\variables.txt" call echo %%n=%%%%n%%
)
call :answered variables "variables"
set "release=0"
for /f "tokens=2 delims=[]" %%v in ('ver') do for %%w in (%%v) do set "release=%%w"
>"%bundle%\captures\windows-version.txt" (
    echo system=Windows
    echo version=%release%
    echo machine=%PROCESSOR_ARCHITECTURE%
    echo hostname=%COMPUTERNAME%
)
call :answered windows-version "ver"

set "result=%bundle%"
pushd "%bundle%"
tar -czf "..\wizard-bundle.tar.gz.part" * 2>nul && popd && goto packed
popd
goto done
:packed
move /y "%where%\wizard-bundle.tar.gz.part" "%bundle%.tar.gz" >nul && set "result=%bundle%.tar.gz"
:done
echo Done. Look through %bundle% before you send %result% to anybody.
exit /b 0

rem --- one question: its name, what it asks, and the command as it is typed ---------------------------------------------

:ask
set "probe=%~1"
set "what=%~2"
set "line=%~3"
%line:'="% >"%bundle%\captures\%probe%.txt" 2>"%bundle%\error.txt" <nul
set "code=%ERRORLEVEL%"
del "%bundle%\error.txt" 2>nul
if "%code%"=="0" goto answered_now
del "%bundle%\captures\%probe%.txt" 2>nul
>>"%index%" (
    echo ["%probe%"]
    echo reason = "it ended with exit code %code%"
    echo remedy = '%line:'="%'
    echo what = "%what%"
    echo.
)
echo   not read: %what% ^(exit code %code%^)
exit /b 1
:answered_now
call :answered "%probe%" "%line%"
exit /b 0

:answered
set "source=%~2"
>>"%index%" (
    echo ["%~1"]
    echo source = '%source:'="%'
    echo exit_code = 0
    echo file = "%~1.txt"
    echo.
)
exit /b 0

-- macOS: runs one press of a button outside of Excel's sandbox. Belongs into
-- ~/Library/Application Scripts/com.microsoft.Excel/
-- Given: interpreter, name of the workbook, versions of add-in and DLL, words; between them U+001E.
on press(given)
	set separators to AppleScript's text item delimiters
	set AppleScript's text item delimiters to character id 30
	set {interpreter, book, addinVersion, dllVersion, spoken} to text items of given
	set AppleScript's text item delimiters to separators
	set command to quoted form of interpreter & " -E -P -m jixiao.excel.server"
	if book is not "" then set command to command & " " & quoted form of ("--wb=" & book) & " --from_xl=1"
	repeat with part in {"press", addinVersion, dllVersion, spoken}
		set command to command & " " & quoted form of (contents of part)
	end repeat
	return do shell script "LANG=zh_CN.UTF-8 " & command without altering line endings
end press

Attribute VB_Name = "JixiaoDialogs"
' What asks and tells the person.
Option Explicit

#If VBA7 And Not Mac Then
Private Declare PtrSafe Function MessageBoxW Lib "user32" ( _
    ByVal owner As LongPtr, ByVal text As LongPtr, ByVal caption As LongPtr, ByVal flags As Long) As Long
#End If

' A message box that shows Chinese under any code page, which MsgBox does not.
Public Function JixiaoBox(ByVal title As String, ByVal text As String, ByVal flags As Long) As Long
    If Len(title) = 0 Then title = "绩效自评"
#If VBA7 And Not Mac Then
    JixiaoBox = MessageBoxW(Application.Hwnd, StrPtr(text), StrPtr(title), flags)
#Else
    JixiaoBox = MsgBox(text, flags, title)
#End If
End Function

' The answer to a question; vbNullChar when the person cancels.
Public Function JixiaoAsk( _
    ByVal kind As String, ByVal title As String, ByVal text As String, ByVal proposed As String) As String
    Dim answer As Variant
    answer = False
    Select Case kind
    Case "ask"
        answer = Application.InputBox(Left$(text, 250), title, proposed, Type:=2)
    Case "confirm"
        If JixiaoBox(title, text, vbYesNo + vbQuestion) = vbYes Then answer = "是" Else answer = "否"
    Case "save"
        answer = Application.GetSaveAsFilename(proposed, Files("*" & Ending(proposed)), 1, title)
    Case "open"
        answer = Application.GetOpenFilename(Files("*.xlsx;*.xlsm"), 1, title)
    Case "folder"
        With Application.FileDialog(4)
            .Title = title
            If .Show <> 0 Then answer = .SelectedItems(1)
        End With
    End Select
    If VarType(answer) = vbBoolean Then JixiaoAsk = vbNullChar Else JixiaoAsk = CStr(answer)
End Function

Private Function Files(ByVal pattern As String) As String
    Files = "文件 (" & pattern & ")," & pattern
End Function

Private Function Ending(ByVal path As String) As String
    Ending = ".xlsx"
    If InStrRev(path, ".") > 0 Then Ending = Mid$(path, InStrRev(path, "."))
End Function

Attribute VB_Name = "JixiaoMessage"
' A message box that shows Chinese under any code page, which MsgBox does not. A module of its own, because programs
' other than Excel may not know the declaration, and must be able to run the buttons.
Option Explicit

#If VBA7 And Not Mac Then
Private Declare PtrSafe Function MessageBoxW Lib "user32" ( _
    ByVal owner As LongPtr, ByVal text As LongPtr, ByVal caption As LongPtr, ByVal flags As Long) As Long
#End If

Public Sub JixiaoTell(ByVal text As String)
    Dim title As String
    title = "绩效自评"
#If VBA7 And Not Mac Then
    MessageBoxW Application.Hwnd, StrPtr(text), StrPtr(title), vbExclamation
#Else
    MsgBox text, vbExclamation, title
#End If
End Sub

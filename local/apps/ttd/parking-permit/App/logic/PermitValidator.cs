#nullable enable
using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.App.Core.Models.Validation;
using Altinn.Platform.Storage.Interface.Models;
using Permit = Altinn.App.Models.ParkingPermit.ParkingPermit;

namespace Altinn.App.Logic;

/// <summary>Checks what the schema cannot: the form of the registration number and the start date.</summary>
public class PermitValidator : IFormDataValidator
{
    private static readonly Regex _plate = new("^[A-Z]{2}[0-9]{4,5}$", RegexOptions.Compiled);
    private const int MaxDaysAhead = 60;

    public string DataType => "ParkingPermit";

    public bool HasRelevantChanges(object current, object previous)
    {
        Permit now = (Permit)current;
        Permit before = (Permit)previous;
        return now.Vehicle?.RegistrationNumber != before.Vehicle?.RegistrationNumber
            || now.Permit?.StartDate != before.Permit?.StartDate;
    }

    public Task<List<ValidationIssue>> ValidateFormData(
        Instance instance,
        DataElement dataElement,
        object data,
        string? language
    )
    {
        Permit form = (Permit)data;
        List<ValidationIssue> issues = [];

        string plate = (form.Vehicle?.RegistrationNumber ?? "").Replace(" ", "").ToUpperInvariant();
        if (plate.Length > 0 && !_plate.IsMatch(plate))
        {
            issues.Add(Error("vehicle.registrationNumber", "validation.plate"));
        }

        if (form.Permit?.StartDate is DateTime start)
        {
            if (start.Date < DateTime.Today)
            {
                issues.Add(Error("permit.startDate", "validation.startInPast"));
            }
            else if (start.Date > DateTime.Today.AddDays(MaxDaysAhead))
            {
                issues.Add(Error("permit.startDate", "validation.startTooLate"));
            }
        }

        return Task.FromResult(issues);
    }

    private static ValidationIssue Error(string field, string textKey) =>
        new()
        {
            Field = field,
            CustomTextKey = textKey,
            Severity = ValidationIssueSeverity.Error,
        };
}

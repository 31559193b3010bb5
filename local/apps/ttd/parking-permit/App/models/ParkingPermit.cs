#nullable enable
using System;
using System.Collections.Generic;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using System.Xml.Serialization;
using Newtonsoft.Json;

namespace Altinn.App.Models.ParkingPermit;

/// <summary>Søknad om parkeringstillatelse for beboere.</summary>
[XmlRoot(ElementName = "ParkingPermit")]
public class ParkingPermit
{
    [XmlElement("applicant", Order = 1)]
    [JsonProperty("applicant")]
    [JsonPropertyName("applicant")]
    public Applicant? Applicant { get; set; }

    [XmlElement("permit", Order = 2)]
    [JsonProperty("permit")]
    [JsonPropertyName("permit")]
    public Permit? Permit { get; set; }

    [XmlElement("vehicle", Order = 3)]
    [JsonProperty("vehicle")]
    [JsonPropertyName("vehicle")]
    public Vehicle? Vehicle { get; set; }
}

public class Applicant
{
    /// <summary>Fullt navn.</summary>
    [MaxLength(255)]
    [XmlElement("fullName", Order = 1)]
    [JsonProperty("fullName")]
    [JsonPropertyName("fullName")]
    public string? FullName { get; set; }

    /// <summary>E-postadresse.</summary>
    [MaxLength(255)]
    [XmlElement("email", Order = 2)]
    [JsonProperty("email")]
    [JsonPropertyName("email")]
    public string? Email { get; set; }

    /// <summary>Gateadresse.</summary>
    [MaxLength(255)]
    [XmlElement("streetAddress", Order = 3)]
    [JsonProperty("streetAddress")]
    [JsonPropertyName("streetAddress")]
    public string? StreetAddress { get; set; }

    /// <summary>Postnummer.</summary>
    [RegularExpression(@"^[0-9]{4}$")]
    [XmlElement("postalCode", Order = 4)]
    [JsonProperty("postalCode")]
    [JsonPropertyName("postalCode")]
    public string? PostalCode { get; set; }

    /// <summary>Poststed.</summary>
    [MaxLength(255)]
    [XmlElement("city", Order = 5)]
    [JsonProperty("city")]
    [JsonPropertyName("city")]
    public string? City { get; set; }
}

public class Permit
{
    /// <summary>Parkeringssone.</summary>
    [MaxLength(255)]
    [XmlElement("zone", Order = 1)]
    [JsonProperty("zone")]
    [JsonPropertyName("zone")]
    public string? Zone { get; set; }

    /// <summary>Tillatelsen skal gjelde fra.</summary>
    [XmlElement("startDate", Order = 2)]
    [JsonProperty("startDate")]
    [JsonPropertyName("startDate")]
    [Required]
    public DateTime? StartDate { get; set; }

    /// <summary>Varighet.</summary>
    [MaxLength(255)]
    [XmlElement("duration", Order = 3)]
    [JsonProperty("duration")]
    [JsonPropertyName("duration")]
    public string? Duration { get; set; }

    /// <summary>Siste dag tillatelsen gjelder, regnet ut av appen.</summary>
    [XmlElement("endDate", Order = 4)]
    [JsonProperty("endDate")]
    [JsonPropertyName("endDate")]
    public DateTime? EndDate { get; set; }

    /// <summary>Gebyr i hele kroner, regnet ut av appen.</summary>
    [XmlElement("fee", Order = 5)]
    [JsonProperty("fee")]
    [JsonPropertyName("fee")]
    public int? Fee { get; set; }
}

public class Vehicle
{
    /// <summary>Registreringsnummer.</summary>
    [MaxLength(255)]
    [XmlElement("registrationNumber", Order = 1)]
    [JsonProperty("registrationNumber")]
    [JsonPropertyName("registrationNumber")]
    public string? RegistrationNumber { get; set; }

    /// <summary>Type kjøretøy.</summary>
    [MaxLength(255)]
    [XmlElement("vehicleType", Order = 2)]
    [JsonProperty("vehicleType")]
    [JsonPropertyName("vehicleType")]
    public string? VehicleType { get; set; }

    /// <summary>Er du registrert som eier av kjøretøyet.</summary>
    [MaxLength(255)]
    [XmlElement("isOwner", Order = 3)]
    [JsonProperty("isOwner")]
    [JsonPropertyName("isOwner")]
    public string? IsOwner { get; set; }

    /// <summary>Forklar hvorfor du disponerer kjøretøyet.</summary>
    [MaxLength(2000)]
    [XmlElement("useReason", Order = 4)]
    [JsonProperty("useReason")]
    [JsonPropertyName("useReason")]
    public string? UseReason { get; set; }
}
